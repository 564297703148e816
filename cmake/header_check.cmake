# tidemill_check_headers(): compiles every header of sdk/, core/, connectors/ and functions/ alone,
# from a generated file of one line. One with a .cc of its own is left out: that file includes it
# first, so it is compiled alone already. Builds nothing that anyone links.
function(tidemill_check_headers)
  if(TIDEMILL_SANITIZE)  # No sanitizer reads headers.
    return()
  endif()
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
    ${PROJECT_SOURCE_DIR}/sdk/*.h ${PROJECT_SOURCE_DIR}/core/*.h
    ${PROJECT_SOURCE_DIR}/connectors/*.h ${PROJECT_SOURCE_DIR}/functions/*.h)
  set(sources "")
  foreach(header ${headers})
    string(REGEX REPLACE "\\.h$" ".cc" own ${header})
    if(EXISTS ${PROJECT_SOURCE_DIR}/${own})
      continue()
    endif()
    string(REPLACE "/" "." name ${header})
    set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${name}.cc)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"@header@\"\n" @ONLY)
    list(APPEND sources ${source})
  endforeach()

  add_library(tidemill_header_check OBJECT ${sources})
  target_include_directories(tidemill_header_check PRIVATE ${PROJECT_SOURCE_DIR}
    ${PROJECT_SOURCE_DIR}/connectors ${PROJECT_SOURCE_DIR}/functions)
  target_compile_definitions(tidemill_header_check PRIVATE
    TIDEMILL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(tidemill_header_check PRIVATE tidemill_sdk tidemill_warnings)
  # Only the front end's opinion matters here; the code is thrown away.
  target_compile_options(tidemill_header_check PRIVATE -O0 -g0)
endfunction()
