# gradus_library(NAME DEPENDENCY...): the static library gradus::NAME from every .cpp below this folder, with what
# gradus_embed makes of every .css and .js. A new source file needs no entry anywhere: the folder is the list. (A folder
# in it with a CMakeLists.txt is another library.)

add_library(gradus_flags INTERFACE)
add_library(gradus::flags ALIAS gradus_flags)
target_compile_options(gradus_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow)
# GCC 12 warns of overlapping copies inside std::string that cannot happen (GCC bug 105329).
target_compile_options(gradus_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
# Lets the compiler vectorise branches and maths. No result changes: all that goes are the traps and the errno of
# floating-point operations, which nothing here reads.
target_compile_options(gradus_flags INTERFACE -fno-trapping-math -fno-math-errno)
if(GRADUS_NATIVE)
  target_compile_options(gradus_flags INTERFACE -march=native)
else()
  target_compile_options(gradus_flags INTERFACE $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-march=x86-64-v2>)
endif()
if(GRADUS_WERROR)
  target_compile_options(gradus_flags INTERFACE -Werror)
endif()
if(GRADUS_SANITIZE)
  target_compile_options(gradus_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                                                -fno-omit-frame-pointer)
  target_link_options(gradus_flags INTERFACE -fsanitize=address,undefined)
  # What the sanitizers add to the code makes GCC see paths to uninitialised values that are none, most of all in
  # std::regex (its manual says so); the release build keeps the warning.
  target_compile_options(gradus_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
if(GRADUS_COVERAGE)
  target_compile_options(gradus_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(gradus_flags INTERFACE --coverage)
endif()

# gradus_quick_build(TARGET PUBLIC|PRIVATE): for sources that call the libraries and compute little themselves. They are
# compiled for a quick build; the libraries keep their optimisation. gradus_test_build(...): for tests, which compute
# still less; without any optimisation they compile in two thirds of the time. (Under the sanitizers optimising such a source takes
# longer than reading it. A third of the time would go into asking of every pointer whether it is null, is aligned and
# points to its type: the address sanitizer stops at the first, no processor of ours minds the second, and the libraries
# are asked all three.)
foreach(kind quick test)
  add_library(gradus_${kind}_options INTERFACE)
  target_link_libraries(gradus_${kind}_options INTERFACE gradus_flags)  # whose options then come first
  if(GRADUS_SANITIZE)
    target_compile_options(gradus_${kind}_options INTERFACE -O0 -fno-sanitize=null,alignment,vptr)
  else()
    target_compile_options(gradus_${kind}_options INTERFACE $<$<CONFIG:Release>:-O$<IF:$<STREQUAL:${kind},quick>,1,0>>)
  endif()
endforeach()
function(gradus_quick_build target scope)
  target_link_libraries(${target} ${scope} gradus_quick_options)
endfunction()
function(gradus_test_build target scope)
  target_link_libraries(${target} ${scope} gradus_test_options)
endfunction()

# gradus_precompile(TARGET): what nearly every source reads, read once: about a second of each. (GCC 12 takes what comes
# from a precompiled header for the project's own code, and warns of overflows inside std::string that cannot happen.)
set(gradus_common_headers <fmt/format.h> <algorithm> <functional> <memory> <optional> <string> <vector>)
function(gradus_precompile target)
  target_precompile_headers(${target} PRIVATE ${gradus_common_headers})
  target_compile_options(
    ${target} PRIVATE "$<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread>")
endfunction()

# gradus_sources_together(TARGET [FOLDER...]): the sources of one folder are compiled as one, or as several of
# GRADUS_SOURCES_TOGETHER each; those of the named folders are not. What they all read is then read once, which halves
# the time. So the helpers of two sources in one folder must not share a name.
function(gradus_sources_together target)
  if(NOT GRADUS_SOURCES_TOGETHER GREATER 1)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  set(folders "")
  foreach(source ${sources})
    get_filename_component(folder ${source} DIRECTORY)
    list(APPEND folders ${folder})
    list(APPEND of_${folder} ${source})
  endforeach()
  list(REMOVE_DUPLICATES folders)
  foreach(folder ${folders})
    get_filename_component(name ${folder} NAME)
    if(name IN_LIST ARGN)
      continue()
    endif()
    # In equal parts: of 9 sources 5 and 4, not 8 and 1.
    list(LENGTH of_${folder} number)
    math(EXPR parts "(${number} + ${GRADUS_SOURCES_TOGETHER} - 1) / ${GRADUS_SOURCES_TOGETHER}")
    math(EXPR size "(${number} + ${parts} - 1) / ${parts}")
    set(place 0)
    foreach(source ${of_${folder}})
      math(EXPR part "${place} / ${size}")
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${name}_${part})
      math(EXPR place "${place} + 1")
    endforeach()
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # (Of a type in one of these sources GCC believes that it is in a header.)
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()

# gradus_embed(TARGET FILE...): each file as a string literal that a source of the target includes:
#     std::string_view style() {
#       return
#     #include "plot/svg_style.css.inc"
#           ;
#     }
# They are made when CMake configures, not when it builds, for scripts/lint does not build.
function(gradus_embed target)
  foreach(file ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} text)
    string(FIND "${text}" ")embedded\"" end)
    if(NOT end EQUAL -1)
      message(FATAL_ERROR "${file} has )embedded\" in it, which would end its string literal.")
    endif()
    file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${file})
    set(made ${PROJECT_BINARY_DIR}/embedded/${path}.inc)
    file(WRITE ${made}.new "R\"embedded(${text})embedded\"\n")
    file(COPY_FILE ${made}.new ${made} ONLY_IF_DIFFERENT)
  endforeach()
  target_include_directories(${target} PRIVATE $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/embedded>)
endfunction()

function(gradus_library name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  file(GLOB others ${CMAKE_CURRENT_SOURCE_DIR}/*/CMakeLists.txt)
  foreach(other ${others})
    get_filename_component(folder ${other} DIRECTORY)
    list(FILTER sources EXCLUDE REGEX "^${folder}/")
  endforeach()
  add_library(gradus_${name} STATIC ${sources})
  add_library(gradus::${name} ALIAS gradus_${name})
  set_target_properties(gradus_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_compile_features(gradus_${name} PUBLIC cxx_std_20)
  target_include_directories(
    gradus_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                          $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/gradus>)
  target_link_libraries(gradus_${name} PUBLIC ${ARGN} fmt::fmt PRIVATE $<BUILD_INTERFACE:gradus::flags>)
  gradus_precompile(gradus_${name})
  file(GLOB_RECURSE texts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.css ${CMAKE_CURRENT_SOURCE_DIR}/*.js)
  gradus_embed(gradus_${name} ${texts})
endfunction()
