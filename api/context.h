// What an operation may use, and what it leaves behind besides its answer.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/event_source.h"
#include "api/value.h"
#include "base/scope.h"

namespace millrace::world {
class World;
}

namespace millrace::api {

// Whose call it is.
struct Caller {
  Scope scope;
  // The rest of the caller's ARN, `assumed-role/{role}/{session}`; empty for an account itself.
  std::string session;
  bool has_temporary_key = false;
};

struct Context {
  Context(std::shared_ptr<const world::World> state, const Caller& caller,
          std::string_view operation_name, Form request_form)
      : held_world(std::move(state)),
        scope(caller.scope),
        session(caller.session),
        has_temporary_key(caller.has_temporary_key),
        operation(operation_name),
        form(request_form) {}

  // The world of the call. Operations that use it include world/world.h.
  [[nodiscard]] const world::World& world() const { return *held_world; }

  std::shared_ptr<const world::World> held_world;
  Scope scope;          // The caller's.
  std::string session;  // As in Caller.
  bool has_temporary_key = false;
  std::string_view operation;
  Form form = Form::kJson;

  // Bytes the answer may have: fewer than any answer where peers do not read theirs.
  std::size_t answer_room = std::numeric_limits<std::size_t>::max();

  // Names the write (storage::Ticket) that the answer waits for until it is durable; 0: none.
  std::uint64_t ticket = 0;

  // Records may be written together with those of other calls: the caller sees to it that they are.
  bool may_write_with_others = false;

  // What the answer goes on with, where it is a stream of events.
  std::unique_ptr<EventSource> events;

  void wait_for(std::uint64_t written) { ticket = std::max(ticket, written); }
};

}  // namespace millrace::api
