/// @file
/// The clinic: what the reader writes, a diagnosis for each patient. diagnoses.cpp is the file to edit.
///
/// A measurement gets a patient (patient.hpp says what it can be asked) and gives a number; above the limit
/// it is ill. It is a proof if it tells this patient from healthy ones, from all others in the clinic, and
/// finds the same fault in patients that you have not seen.
#pragma once

#include "tutorials/support/exercise.hpp"
#include "ward.hpp"

namespace gradus::tutorials::clinic {

Diagnosis patient_1();
Diagnosis patient_2();
Diagnosis patient_3();
Diagnosis patient_4();
Diagnosis patient_5();
Diagnosis patient_6();
Diagnosis patient_7();
Diagnosis patient_8();
Diagnosis patient_9();
Diagnosis patient_10();
Diagnosis patient_11();
Diagnosis patient_12();

}  // namespace gradus::tutorials::clinic
