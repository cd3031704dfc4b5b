# SPDX-License-Identifier: Apache-2.0
# sluice_e2e(NAME SCRIPT [TIMEOUT seconds]): a Python test in a test host of its own; exit 77 is a skip. Serial, since
# each measures the machine's network and loads BPF programs.
function(sluice_e2e name script)
  cmake_parse_arguments(ARG "" "TIMEOUT" "" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 180)
  endif()
  get_filename_component(path ${script} ABSOLUTE)
  add_test(NAME e2e/${name} COMMAND /usr/bin/python3 ${path})
  set_tests_properties(e2e/${name} PROPERTIES LABELS e2e TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77 RUN_SERIAL TRUE
                       ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};PYTHONPATH=${CMAKE_SOURCE_DIR}/tests")
endfunction()

sluice_e2e(harness ${CMAKE_SOURCE_DIR}/tests/harness/selftest.py)
