# What holds for every target: the language, visibility, where things are put, ccache, sanitizers, and the include
# folder of the build tree.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# The build tree has the shape of the install tree, so plugins are found beside libplugrad.so in both.
set(PLUGRAD_LIBRARY_DIR ${PROJECT_BINARY_DIR}/lib)
set(PLUGRAD_PLUGIN_DIR ${PLUGRAD_LIBRARY_DIR}/plugrad/plugins)
set(PLUGRAD_INSTALL_PLUGIN_DIR ${CMAKE_INSTALL_LIBDIR}/plugrad/plugins)

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(CCACHE_PROGRAM ccache)
  mark_as_advanced(CCACHE_PROGRAM)
  if(CCACHE_PROGRAM)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  endif()
endif()

if(PLUGRAD_SANITIZE)
  add_compile_options(-fsanitize=${PLUGRAD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PLUGRAD_SANITIZE})
endif()

add_library(plugrad_warnings INTERFACE)
target_compile_options(plugrad_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual
  -Wcast-qual -Wformat=2 -Wimplicit-fallthrough>)
# GCC 12 sees overlaps in `"text" + std::string` that are not there (bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(plugrad_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()

# Sources are included as "plugrad/<folder>/...", before and after installation.
set(PLUGRAD_INCLUDE_DIR ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${PLUGRAD_INCLUDE_DIR}/plugrad)
foreach(folder core ops nn backends cli examples benchmarks tests)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder} ${PLUGRAD_INCLUDE_DIR}/plugrad/${folder} SYMBOLIC)
endforeach()
