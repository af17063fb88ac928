// The choice of BLIS's kernel set, on made-up machines and on this one.
#include <algorithm>

#include "autograd/error.hpp"
#include "autograd/kernels/products/blis_choice.hpp"
#include "autograd/kernels/products/gemm.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::kernels;

namespace {

using enum CpuFeature;

constexpr CpuFeatures old_features = ssse3;  // Core 2
constexpr CpuFeatures avx_features = old_features | avx;
constexpr CpuFeatures avx2_features = avx_features | avx2 | fma3;
constexpr CpuFeatures avx512_features = avx2_features | avx512;

// What Debian's BLIS 0.9 has, with its numbers.
std::vector<BlisSet> x86_sets() {
  return {{"skx", 0},         {"knl", 1},        {"haswell", 3}, {"sandybridge", 4}, {"penryn", 5},
          {"zen3", 6},        {"zen2", 7},       {"zen", 8},     {"excavator", 9},   {"steamroller", 10},
          {"piledriver", 11}, {"bulldozer", 12}, {"generic", 25}};
}

std::vector<BlisSet> without(std::vector<BlisSet> sets, const std::string& name) {
  std::erase_if(sets, [&](const BlisSet& s) { return s.name == name; });
  return sets;
}

BlisHost x86(std::string maker, int family, int model, CpuFeatures features, std::string version = "0.9.0",
             std::vector<BlisSet> sets = x86_sets()) {
  return {std::move(version), std::move(sets), std::move(maker), family, model, features};
}

BlisHost arm(CpuFeatures features, std::string version = "0.9.0") {
  return {std::move(version),
          {{"armsve", 13},
           {"firestorm", 15},
           {"thunderx2", 16},
           {"cortexa57", 17},
           {"cortexa53", 18},
           {"generic", 25}},
          "",
          0,
          0,
          features};
}

const std::string amd = "AuthenticAMD", intel = "GenuineIntel";

std::string refusal(const BlisHost& host, const std::string& asked) {
  try {
    choose_blis_kernels(host, asked);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE(
    "BLIS's kernels: the widest that are compiled in and run, of that width those made for the processor") {
  struct Case {
    std::string what;
    BlisHost host;
    std::string name, value;
  };
  const std::vector<Case> cases = {
      {"Zen 1", x86(amd, 0x17, 0x01, avx2_features), "zen", "8"},
      {"Zen 2 (Rome)", x86(amd, 0x17, 0x31, avx2_features), "zen2", "7"},
      {"Zen 3 (Milan)", x86(amd, 0x19, 0x01, avx2_features), "zen3", "6"},
      {"Zen 4 (Genoa)", x86(amd, 0x19, 0x11, avx512_features), "skx", "0"},
      {"Zen 4 (Phoenix)", x86(amd, 0x19, 0x74, avx512_features), "skx", "0"},
      {"Zen 5 (Turin)", x86(amd, 0x1a, 0x02, avx512_features), "skx", "0"},
      {"Zen 5, BLIS without skx", x86(amd, 0x1a, 0x02, avx512_features, "0.9.0", without(x86_sets(), "skx")),
       "haswell", "3"},
      {"Zen 5 whose AVX-512 is switched off", x86(amd, 0x1a, 0x44, avx2_features), "haswell", "3"},
      {"Excavator", x86(amd, 0x15, 0x65, avx2_features | fma4), "excavator", "9"},
      {"Piledriver", x86(amd, 0x15, 0x02, avx_features | fma3 | fma4), "piledriver", "11"},
      {"Bulldozer", x86(amd, 0x15, 0x01, avx_features | fma4), "bulldozer", "12"},
      {"Core 2", x86(intel, 6, 0x0f, old_features), "penryn", "5"},
      {"Sandy Bridge", x86(intel, 6, 0x2a, avx_features), "sandybridge", "4"},
      {"Haswell", x86(intel, 6, 0x3c, avx2_features), "haswell", "3"},
      {"Skylake of a desktop", x86(intel, 6, 0x5e, avx2_features), "haswell", "3"},
      {"Skylake-SP and Cascade Lake", x86(intel, 6, 0x55, avx512_features), "skx", "0"},
      {"Ice Lake-SP", x86(intel, 6, 0x6a, avx512_features), "skx", "0"},
      {"Sapphire Rapids", x86(intel, 6, 0x8f, avx512_features), "skx", "0"},
      {"Knights Landing", x86(intel, 6, 0x57, avx2_features | avx512_knl), "knl", "1"},
      {"an unknown maker with AVX2", x86("Made Up Chip", 7, 1, avx2_features), "haswell", "3"},
      {"an unknown maker with AVX-512", x86("Made Up Chip", 7, 1, avx512_features), "skx", "0"},
      {"an unknown maker with AVX and FMA 4", x86("Made Up Chip", 7, 1, avx_features | fma4), "bulldozer",
       "12"},
      {"no AVX", x86(amd, 0x10, 0x02, old_features), "penryn", "5"},
      {"no SSSE3", x86(amd, 0x0f, 0x41, {}), "generic", "25"},
      {"BLIS with one set", x86(amd, 0x19, 1, avx2_features, "0.9.0", {{"haswell", 3}}), "haswell", "3"},
      {"BLIS with one set that does not run", x86(amd, 0x19, 1, avx2_features, "0.9.0", {{"skx", 0}}), "",
       ""},
      {"AArch64", arm(neon), "thunderx2", "16"},
      {"AArch64 with SVE of 256 bits", arm(neon | sve256), "armsve", "13"},
      {"AArch64 and a later BLIS", arm(neon, "1.0"), "thunderx2", "thunderx2"},
      {"a later BLIS takes a name", x86(amd, 0x1a, 2, avx512_features, "1.0"), "skx", "skx"},
      {"so does 0.10", x86(intel, 6, 0x3c, avx2_features, "0.10.2"), "haswell", "haswell"},
      {"an earlier one the number", x86(amd, 0x17, 0x31, avx2_features, "0.8.1-15"), "zen2", "7"},
      {"no version to read", x86(amd, 0x17, 0x31, avx2_features, "AOCL"), "zen2", "zen2"},
      {"another kind of processor", {"0.9.0", {}, "", 0, 0, {}}, "", ""},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    const BlisChoice choice = choose_blis_kernels(c.host);
    CHECK(choice.name == c.name);
    CHECK(choice.value == c.value);
  }
  auto aocl = x86_sets();
  aocl.push_back({"zen4", 26}), aocl.push_back({"zen5", 27});
  CHECK(choose_blis_kernels(x86(amd, 0x19, 0x11, avx512_features, "1.0", aocl)).name == "zen4");
  CHECK(choose_blis_kernels(x86(amd, 0x1a, 0x02, avx512_features, "1.0", aocl)).name == "zen5");
  CHECK(choose_blis_kernels(x86(intel, 6, 0x8f, avx512_features, "1.0", aocl)).name == "skx");
}

TEST_CASE("BLIS's kernels: the reason says what decided") {
  CHECK(choose_blis_kernels(x86(amd, 0x19, 0x01, avx2_features)).reason ==
        "256 bits, the widest of BLIS's sets that this processor runs, and made for it");
  CHECK(choose_blis_kernels(x86(amd, 0x1a, 0x02, avx512_features)).reason ==
        "512 bits, the widest of BLIS's sets that this processor runs");
  CHECK(choose_blis_kernels(x86(amd, 0x0f, 0x41, {})).reason ==
        "plain C, since this processor runs no other set that BLIS has");
  CHECK(choose_blis_kernels(x86(amd, 0x19, 0x01, avx2_features), "generic").reason ==
        "BLIS_ARCH_TYPE asks for it");
  CHECK(choose_blis_kernels({"0.9.0", {}, "", 0, 0, {}}).reason == "BLIS's own choice");
}

TEST_CASE("BLIS's kernels: a user's own BLIS_ARCH_TYPE is a name or a number, and wins if it can run") {
  const BlisHost milan = x86(amd, 0x19, 0x01, avx2_features);
  for (const std::string asked : {"haswell", "3"}) {
    CHECK(choose_blis_kernels(milan, asked).name == "haswell");
    CHECK(choose_blis_kernels(milan, asked).value == "3");
  }
  CHECK(choose_blis_kernels(x86(amd, 0x19, 0x01, avx2_features, "1.0"), "3").value == "haswell");
  CHECK(choose_blis_kernels(milan, "").name == "zen3");
  CHECK(
      choose_blis_kernels({"0.9.0", {}, "", 0, 0, {}}, "9").value.empty());  // nothing known: BLIS's business

  const std::string sets =
      "unset it, or take one of haswell, zen3, zen2, zen, excavator, sandybridge, penryn, generic";
  CHECK(refusal(milan, "0") ==
        "BLIS_ARCH_TYPE is '0', and this processor cannot run BLIS's kernels skx; " + sets);
  CHECK(refusal(milan, "skx") ==
        "BLIS_ARCH_TYPE is 'skx', and this processor cannot run BLIS's kernels skx; " + sets);
  for (const std::string asked : {"2", "13", "26", "-1", "6x", " 6", "zen9", "99999999999999999999"}) {
    CHECK(refusal(milan, asked) == "BLIS_ARCH_TYPE is '" + asked +
                                       "', which is no kernel set that BLIS 0.9.0 has compiled in; " + sets);
  }
}

TEST_CASE("BLIS's kernels: what was chosen for this machine is what BLIS uses") {
  const BlisHost host = this_blis_host();
  const BlisChoice& choice = blis_choice();
  CHECK_FALSE(choice.reason.empty());
  CHECK_FALSE(blis_kernels().empty());
  if (!choice.name.empty()) {
    CHECK(blis_kernels() == choice.name);
    const auto usable = usable_blis_sets(host);
    CHECK(std::find(usable.begin(), usable.end(), choice.name) != usable.end());
  }
#ifdef __x86_64__
  CHECK(host.maker.size() == 12);
  CHECK(host.family > 0);
#endif
}
