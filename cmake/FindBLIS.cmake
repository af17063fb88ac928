# Finds BLIS and defines the target BLIS::BLIS.
# Debian keeps one folder a threading kind; the OpenMP one is preferred, since Gradus threads with OpenMP too.
find_path(BLIS_INCLUDE_DIR blis.h PATH_SUFFIXES blis-openmp blis blis-pthread blis-serial)
find_library(BLIS_LIBRARY blis PATH_SUFFIXES blis-openmp blis-pthread blis-serial)
mark_as_advanced(BLIS_INCLUDE_DIR BLIS_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  BLIS REQUIRED_VARS BLIS_LIBRARY BLIS_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install libblis-dev (Debian, Ubuntu) or set BLIS_ROOT")

if(BLIS_FOUND AND NOT TARGET BLIS::BLIS)
  add_library(BLIS::BLIS UNKNOWN IMPORTED)
  set_target_properties(BLIS::BLIS PROPERTIES IMPORTED_LOCATION ${BLIS_LIBRARY}
                                              INTERFACE_INCLUDE_DIRECTORIES ${BLIS_INCLUDE_DIR})
endif()
