// Shows whether the compiler still destroys some temporaries of a co_await expression twice, as
// g++ 12 does. The rules in net/async.h are there for it. This program fails when the compiler
// breaks something that code keeping to the rules relies on; what is broken beyond that it only
// reports.

#include <coroutine>
#include <cstdio>
#include <exception>
#include <utility>

namespace {

int live_objects = 0;

struct Counted {
  Counted() { ++live_objects; }
  Counted(const Counted& /*other*/) { ++live_objects; }
  Counted(Counted&& /*other*/) noexcept { ++live_objects; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --live_objects; }
};

struct Pair {
  Counted first;
  int second;
};

std::coroutine_handle<> suspended;

struct Pause {
  static bool await_ready() { return false; }
  static void await_suspend(std::coroutine_handle<> handle) { suspended = handle; }
  static void await_resume() {}
};

struct Coroutine {
  struct promise_type {  // NOLINT(readability-identifier-naming): the language's name.
    static Coroutine get_return_object() { return {}; }
    static std::suspend_never initial_suspend() { return {}; }
    static std::suspend_never final_suspend() noexcept { return {}; }
    static void return_void() {}
    static void unhandled_exception() { std::terminate(); }
  };
};

// By value: the copy made for the parameter is what the compiler destroys twice.
// NOLINTBEGIN(performance-unnecessary-value-param)
template <class Function>
Pause with_function(Function function) {
  function();
  return {};
}
Pause with_pair(Pair /*pair*/) { return {}; }
// NOLINTEND(performance-unnecessary-value-param)

Coroutine passes_lambda() {
  co_await with_function([counted = Counted{}] { (void)counted; });
}
Coroutine passes_aggregate() { co_await with_pair({Counted{}, 1}); }
Coroutine passes_named_lambda() {
  auto function = [counted = Counted{}] { (void)counted; };
  co_await with_function(std::move(function));
}
Coroutine passes_named_aggregate() {
  Pair pair{Counted{}, 1};
  co_await with_pair(std::move(pair));
}

bool is_balanced(Coroutine (*run)()) {
  live_objects = 0;
  run();
  std::exchange(suspended, {}).resume();
  return live_objects == 0;
}

}  // namespace

int main() {
  const bool rules_hold = is_balanced(&passes_named_lambda) && is_balanced(&passes_named_aggregate);
  const bool is_fixed = is_balanced(&passes_lambda) && is_balanced(&passes_aggregate);
  std::printf("named first: %s, in the expression: %s\n", rules_hold ? "right" : "WRONG",
              is_fixed ? "right (the rules in net/async.h are no longer needed)" : "wrong");
  return rules_hold ? 0 : 1;
}
