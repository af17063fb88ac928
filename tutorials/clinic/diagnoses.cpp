// Your diagnoses. Replace an `unsolved` by the fault's name (faults.hpp has the list), a measurement, and the
// number above which it means illness:
//
//   return {.fault = Fault::no_positions,
//           .measure = [](Patient& p) { ... return a_number; },
//           .limit = 0.5};
//
// ./learn clinic 1 shows the symptoms of patient 1, ./learn clinic 1 check examines what you write here.
#include "diagnoses.hpp"

namespace gradus::tutorials::clinic {

Diagnosis patient_1() { return unsolved<Diagnosis>("what patient 1 has"); }
Diagnosis patient_2() { return unsolved<Diagnosis>("what patient 2 has"); }
Diagnosis patient_3() { return unsolved<Diagnosis>("what patient 3 has"); }
Diagnosis patient_4() { return unsolved<Diagnosis>("what patient 4 has"); }
Diagnosis patient_5() { return unsolved<Diagnosis>("what patient 5 has"); }
Diagnosis patient_6() { return unsolved<Diagnosis>("what patient 6 has"); }
Diagnosis patient_7() { return unsolved<Diagnosis>("what patient 7 has"); }
Diagnosis patient_8() { return unsolved<Diagnosis>("what patient 8 has"); }
Diagnosis patient_9() { return unsolved<Diagnosis>("what patient 9 has"); }
Diagnosis patient_10() { return unsolved<Diagnosis>("what patient 10 has"); }
Diagnosis patient_11() { return unsolved<Diagnosis>("what patient 11 has"); }
Diagnosis patient_12() { return unsolved<Diagnosis>("what patient 12 has"); }

}  // namespace gradus::tutorials::clinic
