# The install tree: libraries, plugins, headers, and the packages for CMake and pkg-config. It may be moved.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/plugrad)

foreach(folder core ops nn)
  install(DIRECTORY ${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/plugrad/${folder}
          FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
endforeach()

# One set of targets per component, so that a package which ships without a backend stays whole.
function(install_component component target destination)
  install(TARGETS ${target} EXPORT plugrad_${component}_targets LIBRARY DESTINATION ${destination})
  install(EXPORT plugrad_${component}_targets FILE ${component}-targets.cmake NAMESPACE plugrad::
          DESTINATION ${package_dir})
endfunction()

install_component(headers plugrad_headers ${CMAKE_INSTALL_LIBDIR})
install_component(plugrad plugrad ${CMAKE_INSTALL_LIBDIR})
install_component(nn plugrad_nn ${CMAKE_INSTALL_LIBDIR})
foreach(backend IN LISTS PLUGRAD_BUILT_BACKENDS)
  install_component(${backend} plugrad_${backend} ${PLUGRAD_INSTALL_PLUGIN_DIR})
endforeach()

configure_package_config_file(cmake/plugradConfig.cmake.in plugradConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(plugradConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/plugradConfig.cmake ${PROJECT_BINARY_DIR}/plugradConfigVersion.cmake
        DESTINATION ${package_dir})

# The prefix in the .pc file is stated relative to the file.
file(RELATIVE_PATH PLUGRAD_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/plugrad.pc.in plugrad.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/plugrad.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
