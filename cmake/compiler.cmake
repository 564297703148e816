# One language level and one set of warnings for every target of this tree.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

add_library(tidemill_warnings INTERFACE)
target_compile_options(tidemill_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++-12 sees maybe-uninitialized, dangling and overflow faults in its own inlined library code.
  target_compile_options(tidemill_warnings INTERFACE
    -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds
    -Wno-free-nonheap-object -Wno-missing-field-initializers)
else()
  target_compile_options(tidemill_warnings INTERFACE -Wno-missing-designated-field-initializers)
endif()

if(TIDEMILL_SANITIZE)
  add_compile_options(-fsanitize=${TIDEMILL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TIDEMILL_SANITIZE})
endif()

find_program(TIDEMILL_CCACHE ccache)
if(TIDEMILL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TIDEMILL_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${TIDEMILL_CCACHE})
endif()
find_program(TIDEMILL_MOLD NAMES mold)
if(TIDEMILL_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
