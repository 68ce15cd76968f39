# How the project's kinds of targets are declared: its libraries, backends, programs and tests.

# The headers alone: what a plugin needs, and nothing to link.
add_library(plugrad_headers INTERFACE)
add_library(plugrad::headers ALIAS plugrad_headers)
target_include_directories(plugrad_headers INTERFACE
  $<BUILD_INTERFACE:${PLUGRAD_INCLUDE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(plugrad_headers INTERFACE dlpack::dlpack)
target_compile_features(plugrad_headers INTERFACE cxx_std_17)
set_target_properties(plugrad_headers PROPERTIES EXPORT_NAME headers)

# plugrad_library(<target> FOLDERS <folder>... [PUBLIC <library>...] [PRIVATE <library>...])
# A library of all the sources below the folders, called plugrad::<target without "plugrad_">.
function(plugrad_library target)
  cmake_parse_arguments(arg "" "" "FOLDERS;PUBLIC;PRIVATE" ${ARGN})
  string(REGEX REPLACE "^plugrad_" "" name ${target})
  list(TRANSFORM arg_FOLDERS REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/\\1/*.cpp" OUTPUT_VARIABLE patterns)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${patterns})
  add_library(${target} SHARED ${sources})
  add_library(plugrad::${name} ALIAS ${target})
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:plugrad_warnings>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    LIBRARY_OUTPUT_DIRECTORY ${PLUGRAD_LIBRARY_DIR}
    BUILD_RPATH "$ORIGIN"
    INSTALL_RPATH "$ORIGIN")
endfunction()

# plugrad_backend(<name> [SOURCES <file>...] [LIBRARIES <library>...] [OPTIONS <compile option>...])
# The backend <name>: a shared library libplugrad_<name>.so in the plugin folder, made of the sources given or of all
# below the current folder. Programs load it at run time by name, or link plugrad::<name>. It sees headers only.
function(plugrad_backend name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES;OPTIONS" ${ARGN})
  if(NOT arg_SOURCES)
    file(GLOB_RECURSE arg_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.cu)
  endif()
  set(target plugrad_${name})
  add_library(${target} SHARED ${arg_SOURCES})
  add_library(plugrad::${name} ALIAS ${target})
  target_link_libraries(${target} PUBLIC plugrad::headers
                                  PRIVATE ${arg_LIBRARIES} $<BUILD_INTERFACE:plugrad_warnings>)
  target_compile_options(${target} PRIVATE ${arg_OPTIONS})
  # Every symbol is resolved when the library is loaded, so that a missing one is an error then and not in a kernel.
  target_link_options(${target} PRIVATE LINKER:-z,now LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map)
  if(NOT PLUGRAD_SANITIZE)
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    LIBRARY_OUTPUT_DIRECTORY ${PLUGRAD_PLUGIN_DIR}
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/plugin.map)
  set_property(GLOBAL APPEND PROPERTY PLUGRAD_BACKEND_TARGETS ${target})
endfunction()

# plugrad_program(<target> SOURCES <file>... [LIBRARIES <library>...])
# An executable that finds the backends of the build tree at run time.
function(plugrad_program target)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE ${arg_LIBRARIES} plugrad_warnings)
  get_property(backends GLOBAL PROPERTY PLUGRAD_BACKEND_TARGETS)
  if(backends)
    add_dependencies(${target} ${backends})
  endif()
endfunction()

# plugrad_test(<name> SOURCES <file>... [LIBRARIES <library>...] [FILTER <pattern>])
# An executable <name>_tests of GoogleTest cases. CTest knows each as <name>.<suite>.<case>, under the label <name>; with
# FILTER, those that --gtest_filter lets through.
function(plugrad_test name)
  cmake_parse_arguments(arg "" "FILTER" "SOURCES;LIBRARIES" ${ARGN})
  set(target ${name}_tests)
  plugrad_program(${target} SOURCES ${arg_SOURCES} LIBRARIES ${arg_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${target}
    TEST_PREFIX ${name}.
    TEST_FILTER "${arg_FILTER}"
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    NO_PRETTY_TYPES
    NO_PRETTY_VALUES
    PROPERTIES LABELS ${name} TIMEOUT 600)
endfunction()
