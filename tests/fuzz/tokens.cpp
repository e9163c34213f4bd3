// Iterators and next tokens: what was not given by us is never taken.

#include "api/tokens.h"

#include <string_view>

#include "base/base64.h"
#include "base/clock.h"
#include "base/random.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {

void run(std::string_view input) {
  static SeededRandom random(1);
  static const api::Tokens kTokens(SealKey{}, random);
  const TimePoint now = time_from_millis(1'700'000'000'000);

  require(!kTokens.decode_iterator(input, now));
  require(!kTokens.decode_next(input, "ListShards", now));
  std::string text;
  append_base64(text, input);
  require(!kTokens.decode_iterator(text, now));
}

}  // namespace millrace::fuzz
