# planted_copies(FOLDER RESULT): a copy of every source that the lists in FOLDER name, with what they plant; their
# names go to RESULT.
function(planted_copies folder result)
  file(GLOB lists CONFIGURE_DEPENDS ${folder}/*.txt)
  list(REMOVE_ITEM lists ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/README.txt)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${lists})
  set(copies)
  foreach(list ${lists})
    file(STRINGS ${list} lines REGEX "^file: ")
    list(TRANSFORM lines REPLACE "^file: " "")
    list(APPEND copies ${lines})
  endforeach()
  list(REMOVE_DUPLICATES copies)
  foreach(file ${copies})
    add_custom_command(
      OUTPUT ${file} COMMAND plant ${CMAKE_CURRENT_SOURCE_DIR}/${folder} ${PROJECT_SOURCE_DIR} ${file} ${file}
      DEPENDS plant ${PROJECT_SOURCE_DIR}/${file} ${lists} COMMENT "The ${folder} into a copy of ${file}" VERBATIM)
  endforeach()
  set(${result} ${copies} PARENT_SCOPE)
endfunction()
