// What is done now and then for all streams.

#pragma once

#include "storage/engine.h"
#include "streams/catalogue.h"

namespace millrace::streams {

// Moves the trim points to where retention has them, forgets shards that have expired, and drops
// what is left of deleted streams. What fails is tried again by the next call; reads never depend
// on it.
void expire(Catalogue& catalogue, storage::Engine& engine);

}  // namespace millrace::streams
