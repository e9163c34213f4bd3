#include "streams/maintenance.h"

#include "storage/engine.h"
#include "streams/catalogue.h"
#include "streams/dropped_shards.h"
#include "streams/stream.h"

namespace millrace::streams {

void expire(Catalogue& catalogue, storage::Engine& engine) {
  for (const StreamPointer& stream : catalogue.list_all()) stream->expire();
  [[maybe_unused]] const auto dropped = finish_drops(engine);
}

}  // namespace millrace::streams
