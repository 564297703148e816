# What `cmake --install` brings. Component `runtime`: the engine and its built-in functions (those
# install themselves, in tidemill_builtin_function). Component `dev`: what a function of one's own
# needs to build outside this tree.
include(CMakePackageConfigHelpers)

if(TARGET tidemill)
  install(TARGETS tidemill RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
endif()

# function.h and all that it includes: the part of the SDK that needs the standard library only.
set(headers function.h function_abi.h function_adapter.h config_spec.h effect_kind.h result.h)
list(TRANSFORM headers PREPEND ${PROJECT_SOURCE_DIR}/sdk/tidemill/)
install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tidemill COMPONENT dev)

set(TIDEMILL_PLUGIN_DIR ${CMAKE_INSTALL_LIBDIR}/tidemill/plugins)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Tidemill)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/TidemillConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/TidemillConfig.cmake INSTALL_DESTINATION ${package}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR TIDEMILL_PLUGIN_DIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/TidemillConfigVersion.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/TidemillConfig.cmake
  ${PROJECT_BINARY_DIR}/package/TidemillConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/TidemillFunction.cmake
  ${PROJECT_SOURCE_DIR}/cmake/tidemill_function.map
  DESTINATION ${package} COMPONENT dev)

file(RELATIVE_PATH TIDEMILL_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/tidemill.pc.in ${PROJECT_BINARY_DIR}/package/tidemill.pc
  @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/package/tidemill.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
