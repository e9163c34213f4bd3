# Precompiled headers halve the time of a build. The preset dev, which people and lint use, has none, so that an
# include that is missing is seen.

option(MILLRACE_PRECOMPILED "Precompile headers" OFF)

set(millrace_std_headers <algorithm> <array> <atomic> <chrono> <cstddef> <cstdint> <expected> <filesystem> <functional>
  <map> <memory> <mutex> <optional> <span> <string> <string_view> <tuple> <utility> <variant> <vector>)

# Precompiles the standard headers and `ARGN` for `target`.
function(millrace_precompile target)
  if(MILLRACE_PRECOMPILED)
    target_precompile_headers(${target} PRIVATE ${millrace_std_headers} ${ARGN})
  endif()
endfunction()

# Uses what was precompiled for `other`, which is compiled with the same options.
function(millrace_reuse_precompiled target other)
  if(MILLRACE_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM ${other})
  endif()
endfunction()
