# BPF programs -> one linked object -> one skeleton (sluice.skel.h, struct sluice_bpf).
#
# vmlinux.h is generated from the build host's BTF. A build host without /sys/kernel/btf/vmlinux passes one of
#   -DSLUICE_VMLINUX_BTF=FILE   BTF or vmlinux image of any kernel >= 5.15 (CO-RE relocates to the running one)
#   -DSLUICE_VMLINUX_H=FILE     a prepared vmlinux.h
set(SLUICE_VMLINUX_BTF "/sys/kernel/btf/vmlinux" CACHE FILEPATH "Kernel BTF from which vmlinux.h is generated")
set(SLUICE_VMLINUX_H "" CACHE FILEPATH "A prepared vmlinux.h, instead of SLUICE_VMLINUX_BTF")

find_program(BPF_CLANG NAMES clang-16 clang clang-18 clang-15 clang-14 REQUIRED)
file(GLOB linux_tools /usr/lib/linux-tools*)
find_program(BPFTOOL NAMES bpftool PATHS ${linux_tools} /usr/sbin /usr/local/sbin REQUIRED)

set(bpf_out ${CMAKE_BINARY_DIR}/bpf)
file(MAKE_DIRECTORY ${bpf_out})
if(SLUICE_VMLINUX_H)
  add_custom_command(OUTPUT ${bpf_out}/vmlinux.h DEPENDS ${SLUICE_VMLINUX_H}
    COMMAND ${CMAKE_COMMAND} -E copy ${SLUICE_VMLINUX_H} ${bpf_out}/vmlinux.h VERBATIM)
else()
  if(NOT EXISTS ${SLUICE_VMLINUX_BTF})
    message(FATAL_ERROR "no kernel BTF at ${SLUICE_VMLINUX_BTF}: pass -DSLUICE_VMLINUX_BTF=FILE or "
                        "-DSLUICE_VMLINUX_H=FILE (docs/building.md)")
  endif()
  add_custom_command(OUTPUT ${bpf_out}/vmlinux.h
    COMMAND sh -c "${BPFTOOL} btf dump file ${SLUICE_VMLINUX_BTF} format c > ${bpf_out}/vmlinux.h" VERBATIM)
endif()

file(GLOB bpf_headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bpf/*.h)
file(GLOB bpf_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bpf/*.bpf.c)
# Compiles `source`; `out` names the object.
function(sluice_bpf_object source out)
  get_filename_component(name ${source} NAME_WLE)
  add_custom_command(OUTPUT ${bpf_out}/${name}.o DEPENDS ${source} ${bpf_headers} ${bpf_out}/vmlinux.h
    COMMAND ${BPF_CLANG} -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter
            -D__TARGET_ARCH_x86 -I${bpf_out} -I${CMAKE_SOURCE_DIR} -c ${source} -o ${bpf_out}/${name}.o VERBATIM)
  set(${out} ${bpf_out}/${name}.o PARENT_SCOPE)
endfunction()
foreach(source ${bpf_sources})
  sluice_bpf_object(${source} object)
  list(APPEND bpf_objects ${object})
endforeach()
add_custom_command(OUTPUT ${bpf_out}/sluice.o DEPENDS ${bpf_objects}
  COMMAND ${BPFTOOL} gen object ${bpf_out}/sluice.o ${bpf_objects} VERBATIM)
add_custom_command(OUTPUT ${bpf_out}/sluice.skel.h DEPENDS ${bpf_out}/sluice.o
  COMMAND sh -c "${BPFTOOL} gen skeleton ${bpf_out}/sluice.o name sluice_bpf > ${bpf_out}/sluice.skel.h" VERBATIM)
add_custom_target(sluice_skeleton DEPENDS ${bpf_out}/sluice.skel.h)

# Only capture and enforce link this: libbpf stays there.
add_library(sluice_bpf INTERFACE)
add_dependencies(sluice_bpf sluice_skeleton)
target_include_directories(sluice_bpf SYSTEM INTERFACE ${bpf_out})
