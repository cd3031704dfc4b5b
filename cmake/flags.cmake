# Compiler flags of every target: warnings are errors; captured content must not be readable from a core dump,
# and the daemon parses bytes of an attacker, so hardening is on in every build.
add_library(sluice_flags INTERFACE)
target_compile_options(sluice_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fstack-protector-strong -fno-omit-frame-pointer
  -Wno-missing-field-initializers)  # options structs are built by designated initialisers; members have defaults
target_include_directories(sluice_flags INTERFACE ${CMAKE_SOURCE_DIR}/daemon ${CMAKE_SOURCE_DIR})
# Boost.Asio 1.74 predates std::coroutine in C++23 and is used with callbacks only.
target_compile_definitions(sluice_flags INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_CONCEPTS SPDLOG_FMT_EXTERNAL)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_definitions(sluice_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
if(SLUICE_SANITIZE OR SLUICE_FUZZ)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
endif()
if(SLUICE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
    message(FATAL_ERROR "the fuzz preset needs clang 16 or later: libFuzzer is clang's, and clang before 16 cannot "
                        "compile libstdc++'s std::expected (set CXX=clang++-16)")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
    # libstdc++ hides std::expected from a compiler that does not claim P0848; clang below 19 has what it uses.
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-D__cpp_concepts=202002L> -Wno-builtin-macro-redefined
                        -Wno-macro-redefined)
  endif()
endif()
