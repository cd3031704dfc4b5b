# SPDX-License-Identifier: Apache-2.0
# `cmake --install build`: what a package would contain, at the paths that the unit and the manual pages name. Settings and
# policy that are already there stay as they are. DESTDIR stages it elsewhere.
if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
  set(CMAKE_INSTALL_PREFIX /usr CACHE PATH "The unit names /usr/bin/sluiced" FORCE)
endif()

install(TARGETS sluiced sluice RUNTIME DESTINATION bin)
install(FILES systemd/sluiced.service DESTINATION lib/systemd/system)
install(FILES systemd/sluice.sysusers DESTINATION lib/sysusers.d RENAME sluice.conf)
install(FILES systemd/sluice.tmpfiles DESTINATION lib/tmpfiles.d RENAME sluice.conf)
install(FILES packaging/sluice.logrotate DESTINATION /etc/logrotate.d RENAME sluice)
install(FILES docs/man/sluice.1 DESTINATION share/man/man1)
install(FILES docs/man/sluiced.yaml.5 DESTINATION share/man/man5)
install(FILES docs/man/sluiced.8 DESTINATION share/man/man8)
install(DIRECTORY policies/ DESTINATION share/doc/sluice/policies)
install(FILES README.md CHANGELOG.md docs/policy-reference.md DESTINATION share/doc/sluice)

# sluice_install_once(FILE TO): the administrator's from then on.
function(sluice_install_once file to)
  get_filename_component(directory ${to} DIRECTORY)
  get_filename_component(name ${to} NAME)
  install(CODE "
    if(NOT EXISTS \"\$ENV{DESTDIR}${to}\")
      file(INSTALL DESTINATION \"${directory}\" TYPE FILE RENAME \"${name}\" FILES \"${CMAKE_SOURCE_DIR}/${file}\"
           PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
    endif()")
endfunction()
sluice_install_once(packaging/sluiced.yaml /etc/sluice/sluiced.yaml)
sluice_install_once(policies/default.yaml /etc/sluice/policy.d/default.yaml)
