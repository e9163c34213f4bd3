# Writes build/…/generated/millrace_version.h: the project's version and, where git knows it, the commit.

set(millrace_commit "")
find_package(Git QUIET)
if(GIT_FOUND AND EXISTS "${CMAKE_SOURCE_DIR}/.git")
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --short=12 HEAD
                  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
                  OUTPUT_VARIABLE millrace_commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
set(millrace_version "${PROJECT_VERSION}")
if(millrace_commit)
  string(APPEND millrace_version "+${millrace_commit}")
endif()
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/millrace_version.h" CONTENT
"#pragma once

#include <string_view>

namespace millrace {

inline constexpr std::string_view kVersion = \"@millrace_version@\";

}  // namespace millrace
" @ONLY)
