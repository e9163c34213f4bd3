# Everything comes from the distribution's packages; nothing is fetched. Static archives for the one
# binary we ship, shared ones for development builds.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
if(MILLRACE_STATIC)
  set(OPENSSL_USE_STATIC_LIBS TRUE)
endif()
find_package(OpenSSL 3 REQUIRED)
if(MILLRACE_STATIC)
  set(ZLIB_USE_STATIC_LIBS TRUE)  # CMake 3.24
endif()
find_package(ZLIB REQUIRED)
if(MILLRACE_STATIC)
  find_library(MILLRACE_nghttp2_LIBRARY libnghttp2.a REQUIRED)
else()
  find_library(MILLRACE_nghttp2_LIBRARY nghttp2 REQUIRED)
endif()
add_library(millrace_nghttp2 INTERFACE)
target_link_libraries(millrace_nghttp2 INTERFACE ${MILLRACE_nghttp2_LIBRARY})
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)

# spdlog and fmt from their headers, compiled once: the packaged targets would link shared libraries.
find_path(MILLRACE_SPDLOG_INCLUDE spdlog/spdlog.h REQUIRED)
add_library(millrace_spdlog STATIC cmake/compiled/spdlog.cpp)
target_include_directories(millrace_spdlog SYSTEM PUBLIC "${MILLRACE_SPDLOG_INCLUDE}")
target_compile_definitions(millrace_spdlog PUBLIC SPDLOG_FMT_EXTERNAL SPDLOG_COMPILED_LIB)
target_link_libraries(millrace_spdlog PRIVATE millrace_headers)

# Asio and Beast, likewise. Who sees their headers must link this, or compiles them once more.
add_library(millrace_asio STATIC cmake/compiled/asio.cpp)
target_compile_definitions(millrace_asio PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(millrace_asio PUBLIC Boost::headers Threads::Threads PRIVATE OpenSSL::SSL millrace_headers)

find_package(doctest REQUIRED)

# Debian's RocksDB comes with a CMake file that wants every optional library's own CMake file; naming
# the libraries is shorter. Its shared library carries its dependencies, the archive does not.
add_library(RocksDB::rocksdb INTERFACE IMPORTED)
if(MILLRACE_STATIC)
  foreach(name rocksdb snappy lz4 zstd bz2 z)
    find_library(MILLRACE_${name}_LIBRARY lib${name}.a REQUIRED)
    list(APPEND millrace_rocksdb_libraries ${MILLRACE_${name}_LIBRARY})
  endforeach()
  target_link_libraries(RocksDB::rocksdb INTERFACE ${millrace_rocksdb_libraries} Threads::Threads dl)
  # storage/rocksdb/rocksdb_crc32c.cpp takes this function's place.
  set(crc32c_symbol _ZN7rocksdb6crc32c6ExtendEjPKcm)
  target_link_options(RocksDB::rocksdb INTERFACE
    -Wl,--wrap=${crc32c_symbol} -Wl,--undefined=__wrap_${crc32c_symbol})
else()
  find_library(MILLRACE_rocksdb_LIBRARY rocksdb REQUIRED)
  target_link_libraries(RocksDB::rocksdb INTERFACE ${MILLRACE_rocksdb_LIBRARY})
endif()
