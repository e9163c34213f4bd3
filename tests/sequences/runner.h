// Asks the server and the model the same and compares what they answer.

#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/value.h"
#include "tests/sequences/model.h"
#include "tests/sequences/server_side.h"

namespace millrace::sequences {

// In the order in which shrinking prefers them.
enum class Action : std::uint8_t {
  kPut,
  kPutMany,
  kIterator,
  kRead,
  kAdvance,
  kSplit,
  kMerge,
  kScale,
  kList,
  kAdvanceToEdge,
  kRetention,
  kExpire,
  kRestart,
  kDelete,
  kCreate,
};

// What a and b mean is the action's: they choose among what is there when it is run, so that a
// sequence from which some are taken out is still one.
struct Command {
  Action action = Action::kPut;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
};
std::ostream& operator<<(std::ostream& out, const Command& command);

class Runner {
 public:
  // `seen` counts the answers: operations with their error's type, and some that are rare.
  Runner(std::uint32_t shard_count, const Delays& delays, std::map<std::string, int>& seen);

  // Throws a std::runtime_error that says what differs, and all that was asked before.
  void run(const std::vector<Command>& commands);

 private:
  struct Held {
    std::string token;
    Iterator iterator;
  };

  void run(const Command& command);
  void create(std::uint32_t shard_count);
  void put(const std::vector<PutRecord>& records, bool is_single);
  PutRecord make_record(std::uint32_t key, std::uint32_t hash_key);
  void split(std::uint32_t which, std::uint32_t where);
  void merge(std::uint32_t which, std::uint32_t how);
  void scale(std::uint32_t target);
  void set_retention(int hours, bool increase);
  void list(const Filter& filter, std::size_t page);
  void list_some(std::uint32_t type, std::uint32_t detail);
  void get_iterator(std::uint32_t shard, const Start& start);
  void get_some_iterator(std::uint32_t which, std::uint32_t type);
  bool read(std::size_t held, std::size_t limit, bool keeps);
  void advance(Millis step);
  void advance_to_edge(std::uint32_t which, std::uint32_t offset);
  void read_everything();

  [[nodiscard]] std::uint32_t choose_shard(std::uint32_t choice) const;
  [[nodiscard]] std::optional<Number> choose_number(const Shard* shard, std::uint32_t choice) const;
  [[nodiscard]] Millis choose_time(const Shard* shard, std::uint32_t choice) const;

  // Asks the server; what it answers goes into the trace.
  Answer<api::Value> ask(std::string_view operation, const std::string& body);
  template <class T>
  bool same_outcome(const Answer<T>& expected, const Answer<api::Value>& actual);
  void check(bool holds, const std::string& what);
  void check_same(const std::vector<std::string>& expected, const std::vector<std::string>& actual);
  Number check_number(const std::string& text, std::uint32_t shard);

  ServerSide server_;
  Model model_;
  std::map<std::string, int>& seen_;
  std::vector<Held> held_;
  std::vector<Number> given_;  // All numbers, also of streams that are gone.
  std::set<std::string> given_texts_;
  int record_count_ = 0;
  std::vector<std::string> trace_;
};

}  // namespace millrace::sequences
