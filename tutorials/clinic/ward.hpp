/// @file
/// The clinic: the beds, a diagnosis, and how it is examined.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "patient.hpp"

namespace gradus::tutorials::clinic {

inline constexpr int beds = 12;

/// What somebody says who brings a patient, 1 to 12. 0 is healthy, to compare with. @throws ValueError for
/// any other number.
std::string_view complaint(int bed);
/// The patient of a bed. @throws ValueError
Patient admit(int bed);

/// What a reader finds: the fault's name, and a number that tells it from all else. It is ill if
/// `measure` > `limit`.
///
///     Diagnosis patient_2() {
///       return {.fault = Fault::no_positions,
///               .measure = [](Patient& p) { return -static_cast<double>(p.parameters().size()); },
///               .limit = -40};
///     }
struct Diagnosis {
  Fault fault = Fault::none;
  std::function<double(Patient&)> measure = {};
  double limit = 0;
};

/// What came of an examination. `reason` is one sentence.
struct Verdict {
  bool proven = false;
  std::string reason;
};

/// A measurement is a proof if it is above its limit for the patient and for two others with the same fault,
/// whom the reader has not seen, and not above it for three healthy ones and for the other eleven patients.
/// Then the name counts. Each is measured as it comes in, whatever was done to it before.
Verdict examine(int bed, const Diagnosis& diagnosis);

/// What the programs of the clinic do with a diagnosis for each bed: all of them, or only `bed` if it is not
/// 0. Prints a line for each; the program's exit code, 0 if all are proven.
int check_diagnoses(const std::vector<std::function<Diagnosis()>>& diagnoses, int bed, std::string_view file);

}  // namespace gradus::tutorials::clinic
