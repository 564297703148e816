# Builds native functions for Tidemill; comes with find_package(Tidemill).
#
#   tidemill_add_function(NAME [SOURCES file...] [LIBS library...])
#
# Makes NAME.so out of SOURCES (default: NAME.cc), to be named in a pipeline file as
# `native: ./build/NAME.so`, or by its name once it lies on the plugin path. Only the entry symbol is
# exported, and nothing may be left undefined: a plugin that links also loads. LIBS are the function's
# own; a static one has to be compiled with -fPIC.
set(TIDEMILL_FUNCTION_MAP ${CMAKE_CURRENT_LIST_DIR}/tidemill_function.map)

function(tidemill_add_function name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tidemill_add_function(${name}): write SOURCES or LIBS before "
                        "${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ARG_SOURCES)
    set(ARG_SOURCES ${name}.cc)
  endif()
  add_library(${name} MODULE ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_EXTENSIONS OFF CXX_VISIBILITY_PRESET hidden
    C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS ${TIDEMILL_FUNCTION_MAP})
  target_link_libraries(${name} PRIVATE Tidemill::function ${ARG_LIBS})
  target_link_options(${name} PRIVATE -Wl,--version-script=${TIDEMILL_FUNCTION_MAP})
  # A sanitizer's symbols come from the program that loads the plugin.
  if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize" AND NOT TIDEMILL_SANITIZE)
    target_link_options(${name} PRIVATE -Wl,--no-undefined)
  endif()
endfunction()
