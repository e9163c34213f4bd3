#include "storage/store.h"

#include <memory>
#include <utility>

#include "base/error.h"
#include "base/try.h"
#include "storage/engine.h"
#include "storage/spaces.h"

namespace millrace::storage {

Result<std::shared_ptr<Store>> Store::open(std::unique_ptr<Engine> engine) {
  auto ids = TRY(IdSource::open(*engine));
  return std::shared_ptr<Store>(new Store(std::move(engine), std::move(ids)));
}

}  // namespace millrace::storage
