// TRY: the value of a Result, or the end of the function with its error.
//
//   const auto stream = TRY(find_stream(context, request.stream));  // The stream itself.
//   TRY(check(request));                                            // Of a Result<void>.
//
// It stands alone or is what a variable begins with, never a part of a larger expression. Not for
// coroutines, which leave by co_return.

#pragma once

#include <expected>
#include <type_traits>
#include <utility>

namespace millrace::detail {

template <class T, class E>
T taken(std::expected<T, E>& result) {
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace millrace::detail

#define MILLRACE_JOINED(a, b) a##b
#define MILLRACE_NAMED(a, b) MILLRACE_JOINED(a, b)

// The statement expression is an extension that g++ and clang share.
#define MILLRACE_TRY(result, ...)                                   \
  __extension__({                                                   \
    auto result = (__VA_ARGS__);                                    \
    if (!result) return std::unexpected(std::move(result).error()); \
    ::millrace::detail::taken(result);                              \
  })

#define TRY(...) MILLRACE_TRY(MILLRACE_NAMED(result_of_line_, __LINE__), __VA_ARGS__)
