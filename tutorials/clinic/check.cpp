// The program that examines diagnoses: `clinic_check [PATIENT]`.
#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "autograd/threads.hpp"
#include "diagnoses.hpp"

int main(int argc, char** argv) {
  using namespace gradus::tutorials::clinic;
  gradus::set_num_threads(1);  // the patients are too small for more
  const std::string which = argc > 1 ? argv[1] : "0";
  const int bed = std::atoi(which.c_str());
  if (argc > 2 || bed < 0 || bed > beds || std::to_string(bed) != which) {
    fmt::print(stderr, "Usage: {} [PATIENT], of 1 to {}\n", argv[0], beds);
    return 2;
  }
  return check_diagnoses({patient_1, patient_2, patient_3, patient_4, patient_5, patient_6, patient_7,
                          patient_8, patient_9, patient_10, patient_11, patient_12},
                         bed, "tutorials/clinic/diagnoses.cpp");
}
