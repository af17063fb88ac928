#include "ward.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <exception>
#include <random>

#include "autograd/error.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::clinic {
namespace {

struct Bed {
  Fault fault;
  std::string_view complaint;
};

// Who has what. A reader of the chapters looks here last.
constexpr std::array<Bed, beds + 1> ward = {{
    {Fault::none, "Nothing is wrong with this one. It is here to be compared with."},
    {Fault::dropout_left_on,
     "\"Users say that it changes its mind. The same sentence gets one answer in the morning and another at "
     "noon. It does not learn at work, and the file of weights is the same, I have checked.\""},
    {Fault::answer_left_in,
     "\"The best run I ever had, 100 % of the words! I was about to write to everybody. Then somebody gave "
     "it "
     "a sentence with a gap, and it could not fill it.\""},
    {Fault::pair_labels_swapped,
     "\"Its log says that it knows which sentences belong together. My colleague's test says that a coin "
     "knows it "
     "better. A coin! How can anything be worse than that?\""},
    {Fault::head_not_tied,
     "\"In here it is well. When they open its folder in another program, the words are gone, and the pairs "
     "are all "
     "right. The loader says: one tensor was not expected.\""},
    {Fault::attention_over_queries,
     "\"It learns, but slowly: the others had the pairs earlier, and its loss on them is still above theirs. "
     "I have tried other rates. Nothing crashes, no loss is NaN, all shapes are right.\""},
    {Fault::padding_attended,
     "\"A row has one answer when it is alone, and another one in a batch with longer rows. I thought rows "
     "do not "
     "see each other?\""},
    {Fault::other_vocabulary,
     "\"The training went by the book. We installed it, and it talks nonsense: no word fits, no pair is "
     "recognised. The weights have arrived undamaged, their sum is right.\""},
    {Fault::norms_decay,
     "\"We set the decay high, against learning by heart, as a paper says. Ever since, what leaves its "
     "layers has "
     "been growing smaller from step to step, whatever it reads.\""},
    {Fault::labels_shifted,
     "\"The loss falls as nicely as that of the others. What it puts into a gap is not nonsense: it is a "
     "word that would be right somewhere else.\""},
    {Fault::mean_of_means,
     "\"Two programs, the same weights, the same rows, and the losses differ in the second digit. With one "
     "word "
     "asked in each row they agree to the last one. Rounding, surely?\""},
    {Fault::pooling_mixed,
     "\"Pairs were fine until the evening when we stopped training it and began to use it. The words still "
     "are. "
     "The vectors it gives are good, I have looked at them.\""},
    {Fault::no_warm_up,
     "\"After twenty steps it was ahead of all others, and I was proud of it. The large one, which we "
     "trained in "
     "the same way, never left the ground. They tell me to look at the very first steps.\""},
}};

const Bed& bed_of(int number) {
  if (number < 0 || number > beds) {
    fail<ValueError>("the clinic: there is no patient {}; they are 1 to {}, and 0 is healthy", number, beds);
  }
  return ward[static_cast<size_t>(number)];
}

constexpr uint64_t seed = 100;  // of all beds: they were trained on the same rows, in the same order

/// One more is measured: a line that is overwritten, on a terminal only.
void show_progress(int bed, int done, int all) {
  if (isatty(STDERR_FILENO) == 0) return;
  if (done < all) {
    fmt::print(stderr, "\rpatient {}: measured {} of {}", bed, done, all);
  } else {
    fmt::print(stderr, "\r\033[K");
  }
  std::fflush(stderr);
}

/// Measures one after the other, each as it comes in.
class Instrument {
 public:
  Instrument(int bed, const Diagnosis& diagnosis) : bed_(bed), diagnosis_(diagnosis) {
    show_progress(bed, 0, all);
  }
  ~Instrument() { show_progress(bed_, all, all); }

  /// @throws ValueError for what is no number.
  double operator()(Fault fault, uint64_t number) {
    Patient patient(fault, number);
    manual_seed(number);
    const double value = diagnosis_.measure(patient);
    if (!std::isfinite(value)) fail<ValueError>("the measurement gave {}, which is no number", value);
    show_progress(bed_, ++done_, all);
    return value;
  }
  bool is_ill(double value) const { return value > diagnosis_.limit; }

 private:
  static constexpr int all = 21;
  int bed_, done_ = 0;
  const Diagnosis& diagnosis_;
};

std::string_view meaning(Fault fault) {
  for (const FaultName& one : fault_names) {
    if (one.fault == fault) return one.meaning;
  }
  return "nothing is wrong";
}
std::string_view name(Fault fault) {
  for (const FaultName& one : fault_names) {
    if (one.fault == fault) return one.name;
  }
  return "none";
}

Verdict examined(int number, const Diagnosis& diagnosis) {
  const Fault fault = bed_of(number).fault;
  Instrument measure(number, diagnosis);
  const double limit = diagnosis.limit, here = measure(fault, seed);
  if (!measure.is_ill(here)) {
    return {false,
            fmt::format("the measurement finds nothing in this patient: {:.4g}, and it is ill above {:.4g}",
                        here, limit)};
  }
  if (const double twin = measure(Fault::none, seed); measure.is_ill(twin)) {
    return {
        false,
        fmt::format(
            "a healthy patient measures {:.4g}, above your limit of {:.4g}, too: so this shows no illness",
            twin, limit)};
  }
  std::string others;
  int count = 0;
  for (int other = 1; other <= beds; ++other) {
    if (other == number) continue;
    const double value = measure(bed_of(other).fault, seed);
    if (!measure.is_ill(value)) continue;
    others += fmt::format("{}{} ({:.4g})", count++ == 0 ? "" : ", ", other, value);
  }
  if (count > 0) {
    return {
        false,
        fmt::format(
            "{} of the other patients {} above your limit too: {}; a sign that several faults share is no "
            "proof of one of them",
            count, count == 1 ? "is" : "are", others)};
  }
  for (const uint64_t unseen : {seed + 1000, seed + 2000}) {
    const double ill = measure(fault, unseen), healthy = measure(Fault::none, unseen);
    if (!measure.is_ill(ill)) {
      return {
          false,
          fmt::format(
              "another patient with the same fault measures {:.4g} only: what you measure is this one, and "
              "not its fault",
              ill)};
    }
    if (measure.is_ill(healthy)) {
      return {false, fmt::format("another healthy patient measures {:.4g}: the limit of {:.4g} is too close",
                                 healthy, limit)};
    }
  }
  // What looks at the patient finds the same in it again, whoever comes before.
  std::array again = {true, true, false, false};
  std::shuffle(again.begin(), again.end(), std::random_device());
  for (const bool is_ill : again) {
    if (measure.is_ill(measure(is_ill ? fault : Fault::none, seed)) != is_ill)
      return {false,
              "the same patient measures otherwise when it comes again: the number has to follow from the "
              "patient alone"};
  }
  if (diagnosis.fault != fault) {
    return {false,
            fmt::format(
                "the measurement tells this patient from all others, but the fault is not {}, \"{}\": what "
                "does your number see?",
                name(diagnosis.fault), meaning(diagnosis.fault))};
  }
  return {
      true,
      fmt::format(
          "{}: {} (measured {:.4g}, limit {:.4g}; three with the fault, three healthy and eleven others told "
          "apart)",
          name(fault), meaning(fault), here, limit)};
}

}  // namespace

std::string_view complaint(int bed) { return bed_of(bed).complaint; }
Patient admit(int bed) { return Patient(bed_of(bed).fault, seed); }

Verdict examine(int bed, const Diagnosis& diagnosis) {
  if (bed == 0) fail<ValueError>("the clinic: patient 0 is healthy, there is nothing to find");
  if (!diagnosis.measure) return {false, "there is a name and no measurement"};
  if (std::isnan(diagnosis.limit)) return {false, "the limit is NaN, and nothing is above that"};
  try {
    return examined(bed, diagnosis);
  } catch (const std::exception& error) {
    return {false, fmt::format("the measurement could not be made: {}", error.what())};
  }
}

int check_diagnoses(const std::vector<std::function<Diagnosis()>>& diagnoses, int bed,
                    std::string_view file) {
  int proven = 0, asked = 0;
  for (int number = 1; number <= beds; ++number) {
    if (bed != 0 && number != bed) continue;
    ++asked;
    try {
      const Verdict verdict = examine(number, diagnoses[static_cast<size_t>(number - 1)]());
      fmt::print("{} patient {}: {}\n", verdict.proven ? "proven" : "NO    ", number, verdict.reason);
      proven += verdict.proven;
    } catch (const Unsolved&) {
      fmt::print("open   patient {}: ./learn clinic {} shows its symptoms\n", number, number);
    }
    std::fflush(stdout);
  }
  if (proven == asked) {
    fmt::print("\nThe clinic: {}\n",
               asked == beds ? "all 12 diagnoses are proven." : "the diagnosis is proven.");
    return 0;
  }
  fmt::print("\nThe clinic: {} of {} diagnoses {} proven. Edit {} and check again.\n", proven, asked,
             proven == 1 ? "is" : "are", file);
  return 1;
}

}  // namespace gradus::tutorials::clinic
