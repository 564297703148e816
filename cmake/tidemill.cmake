# The build's own words: folders are discovered, never listed by hand.

# tidemill_add_folders(<dir>): adds every subfolder of <dir> that has a CMakeLists.txt.
function(tidemill_add_folders dir)
  file(GLOB lists CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*/CMakeLists.txt)
  foreach(list ${lists})
    cmake_path(GET list PARENT_PATH folder)
    add_subdirectory(${folder})
  endforeach()
endfunction()

# tidemill_test(<name> SOURCES ... LIBS ...): one GoogleTest binary; `ctest -L <name>` runs it.
function(tidemill_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBS;ENVIRONMENT" ${ARGN})
  if(NOT TIDEMILL_TESTS)
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gmock GTest::gtest_main tidemill_warnings)
  target_compile_definitions(${name} PRIVATE TIDEMILL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  # What is tested keeps its flags; optimizing the tests themselves only doubles their compile time.
  target_compile_options(${name} PRIVATE -O0)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS ${name} TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()

# tidemill_connector(<name> [LIBS lib...] [PUBLIC_LIBS lib...] [TEST_LIBS lib...])
#
# Declares the folder it is called from as one connector: every *.cc is compiled, every *_test.cc
# becomes a test, and the folder's register_with() is called by the engine. It sees the SDK and
# LIBS, not core/. PUBLIC_LIBS are those whose headers its own headers include.
function(tidemill_connector name)
  cmake_parse_arguments(ARG "" "" "LIBS;PUBLIC_LIBS;TEST_LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  add_library(tidemill_${name} STATIC ${sources})
  target_link_libraries(tidemill_${name} PUBLIC tidemill_sdk ${ARG_PUBLIC_LIBS}
    PRIVATE ${ARG_LIBS} tidemill_warnings)
  if(tests)
    tidemill_test(${name}_test SOURCES ${tests}
      LIBS tidemill_${name} ${ARG_LIBS} ${ARG_TEST_LIBS})
  endif()
  set_property(GLOBAL APPEND PROPERTY TIDEMILL_CONNECTORS ${name})
endfunction()

# tidemill_builtin_function(<name> [LIBS lib...])
#
# Declares the folder it is called from as one function that ships with the engine. It goes through
# the same door as anyone's plugin: a <name>.so that exports the C ABI entry, built from <name>.cc
# (plus other *.cc), found on the plugin path at run time.
function(tidemill_builtin_function name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  add_library(${name} MODULE ${sources})
  set_target_properties(${name} PROPERTIES PREFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/plugins
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/tidemill_function.map)
  target_link_libraries(${name} PRIVATE tidemill_sdk ${ARG_LIBS} tidemill_warnings)
  target_link_options(${name} PRIVATE
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/tidemill_function.map)
  if(tests)
    tidemill_test(${name}_test SOURCES ${tests} ${sources} LIBS tidemill_sdk ${ARG_LIBS})
  endif()
  install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/tidemill/plugins
    COMPONENT runtime)
endfunction()

# Writes builtin_connectors.cc: one plain call per connector, so that nothing depends on static
# constructors that the linker is free to drop.
function(tidemill_write_builtin_connectors out)
  get_property(names GLOBAL PROPERTY TIDEMILL_CONNECTORS)
  set(declare "")
  set(call "")
  foreach(name ${names})
    string(APPEND declare "namespace tidemill::${name} {\nvoid register_with(Registry&);\n}\n")
    string(APPEND call "  ${name}::register_with(registry);\n")
  endforeach()
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT
"#include \"tidemill/registry.h\"\n
@declare@
namespace tidemill {
void register_builtin_connectors(Registry& registry);
void register_builtin_connectors(Registry& registry) {
@call@}
}  // namespace tidemill
")
endfunction()
