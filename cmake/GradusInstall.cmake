# Install rules: headers under include/gradus, five static libraries, and a package that find_package(gradus) finds.
include(CMakePackageConfigHelpers)

install(TARGETS gradus_autograd gradus_parallel gradus_nn gradus_plot gradus_bert EXPORT gradus-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(part autograd parallel nn plot bert)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${part} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/gradus
          FILES_MATCHING PATTERN "*.hpp")
endforeach()
if(TARGET gradus_app)
  install(TARGETS gradus_app RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gradus)
install(EXPORT gradus-targets NAMESPACE gradus:: DESTINATION ${package_dir})
if(TARGET gradus_mpi)
  install(TARGETS gradus_mpi EXPORT gradus-mpi-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT gradus-mpi-targets NAMESPACE gradus:: DESTINATION ${package_dir})
endif()
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/gradus-config.cmake.in
                              ${PROJECT_BINARY_DIR}/gradus-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gradus-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/gradus-config.cmake ${PROJECT_BINARY_DIR}/gradus-config-version.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindBLIS.cmake ${PROJECT_SOURCE_DIR}/cmake/FindUtf8proc.cmake
        DESTINATION ${package_dir})
