# millrace_headers: where our headers are and what every translation unit is built with.
# millrace_warnings: what our own code is checked with; libraries' headers are SYSTEM.

add_library(millrace_headers INTERFACE)
target_include_directories(millrace_headers INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(millrace_headers INTERFACE
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -fno-omit-frame-pointer -fstack-protector-strong
  $<$<CONFIG:RelWithDebInfo>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
  target_compile_options(millrace_headers INTERFACE -fcf-protection)
endif()

add_library(millrace_warnings INTERFACE)
target_compile_options(millrace_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wold-style-cast -Werror=unused-result $<$<BOOL:${MILLRACE_WERROR}>:-Werror>)

if(MILLRACE_SANITIZE)
  # Everything of ours is instrumented; the packaged libraries are not.
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
  add_compile_definitions(MILLRACE_SANITIZED)
endif()
