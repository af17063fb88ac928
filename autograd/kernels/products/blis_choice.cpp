#include "autograd/kernels/products/blis_choice.hpp"

#include <algorithm>
#include <charconv>

#include "autograd/error.hpp"

namespace gradus::kernels {

namespace {

/// A kernel set of BLIS: what it needs, and the processors that it was made for.
struct KernelSet {
  std::string_view name;
  int bits;  // of its vectors
  CpuFeatures needs;
  std::string_view maker;  // of the processors it was made for; none: nobody's in particular
  int family = -1;         // -1: any
  int first_model = 0, last_model = 0xff;
};

constexpr CpuFeatures haswell_features = CpuFeature::avx | CpuFeature::avx2 | CpuFeature::fma3;
constexpr CpuFeatures skx_features = haswell_features | CpuFeature::avx512;
constexpr CpuFeatures fma4_features = CpuFeature::avx | CpuFeature::fma3 | CpuFeature::fma4;
constexpr std::string_view intel = "GenuineIntel", amd = "AuthenticAMD";

// The widest first; of one width, the one to take where none was made for the processor comes first
// (haswell's kernels are those of the zens as well, and three rows down FMA is missing). Families and models
// are those of BLIS's own frame/base/bli_cpuid.c; zen4 and zen5 are AMD's, in its own version of BLIS.
constexpr KernelSet kernel_sets[] = {
    {"skx", 512, skx_features, intel},
    {"zen5", 512, skx_features, amd, 0x1a},
    {"zen4", 512, skx_features, amd, 0x19, 0x10, 0x1f},
    {"zen4", 512, skx_features, amd, 0x19, 0x60, 0xaf},
    {"knl", 512, haswell_features | CpuFeature::avx512_knl, intel},
    {"a64fx", 512, CpuFeature::neon | CpuFeature::sve512, ""},
    {"haswell", 256, haswell_features, intel},
    {"zen3", 256, haswell_features, amd, 0x19},
    {"zen2", 256, haswell_features, amd, 0x17, 0x30, 0xff},
    {"zen", 256, haswell_features, amd, 0x17, 0x00, 0x2f},
    {"excavator", 256, haswell_features, amd, 0x15, 0x60, 0x7f},
    {"steamroller", 256, fma4_features, amd, 0x15, 0x30, 0x3f},
    {"piledriver", 256, fma4_features, amd, 0x15, 0x02, 0x1f},
    {"bulldozer", 256, CpuFeature::avx | CpuFeature::fma4, amd, 0x15, 0x00, 0x01},
    {"sandybridge", 256, CpuFeature::avx, intel},
    {"armsve", 256, CpuFeature::neon | CpuFeature::sve256, ""},
    {"penryn", 128, CpuFeature::ssse3, intel},
    {"thunderx2", 128, CpuFeature::neon, ""},
    {"firestorm", 128, CpuFeature::neon, ""},
    {"cortexa57", 128, CpuFeature::neon, ""},
    {"cortexa53", 128, CpuFeature::neon, ""},
    {"generic", 0, {}, ""},
};

bool made_for(const KernelSet& set, const BlisHost& host) {
  return !set.maker.empty() && set.maker == host.maker && (set.family < 0 || set.family == host.family) &&
         set.first_model <= host.model && host.model <= set.last_model;
}

const BlisSet* compiled_in(const BlisHost& host, std::string_view name) {
  const auto at = std::find_if(host.compiled_in.begin(), host.compiled_in.end(),
                               [&](const BlisSet& s) { return s.name == name; });
  return at == host.compiled_in.end() ? nullptr : &*at;
}

std::vector<const KernelSet*> usable(const BlisHost& host) {
  std::vector<const KernelSet*> sets;
  for (const KernelSet& set : kernel_sets) {
    if (host.features.has(set.needs) && compiled_in(host, set.name) != nullptr) sets.push_back(&set);
  }
  return sets;
}

// Versions up to 0.9 read BLIS_ARCH_TYPE as the number of the set, and anything else as 0.
bool takes_number(std::string_view version) {
  int major = 0, minor = 0;
  const char* const end = version.data() + version.size();
  const auto [after, error] = std::from_chars(version.data(), end, major);
  if (error != std::errc()) return false;
  if (after != end && *after == '.') std::from_chars(after + 1, end, minor);
  return major == 0 && minor <= 9;
}

BlisChoice choice(const BlisHost& host, const BlisSet& set, std::string reason) {
  return {set.name, takes_number(host.blis_version) ? std::to_string(set.number) : set.name,
          std::move(reason)};
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

BlisChoice asked_for(const BlisHost& host, const std::string& asked) {
  const auto is_meant = [&](const BlisSet& set) {
    return set.name == asked || std::to_string(set.number) == asked;
  };
  const auto set = std::find_if(host.compiled_in.begin(), host.compiled_in.end(), is_meant);
  const std::string what_does = fmt::format("unset it, or take one of {}", joined(usable_blis_sets(host)));
  if (set == host.compiled_in.end()) {
    fail("BLIS_ARCH_TYPE is '{}', which is no kernel set that BLIS {} has compiled in; {}", asked,
         host.blis_version, what_does);
  }
  const auto known = std::find_if(std::begin(kernel_sets), std::end(kernel_sets),
                                  [&](const KernelSet& s) { return s.name == set->name; });
  if (known != std::end(kernel_sets) && !host.features.has(known->needs)) {
    fail("BLIS_ARCH_TYPE is '{}', and this processor cannot run BLIS's kernels {}; {}", asked, set->name,
         what_does);
  }
  return choice(host, *set, "BLIS_ARCH_TYPE asks for it");
}

}  // namespace

std::vector<std::string> usable_blis_sets(const BlisHost& host) {
  std::vector<std::string> names;
  for (const KernelSet* set : usable(host)) {
    if (std::find(names.begin(), names.end(), set->name) == names.end()) names.emplace_back(set->name);
  }
  return names;
}

BlisChoice choose_blis_kernels(const BlisHost& host, std::optional<std::string> asked) {
  const BlisChoice left_alone{"", "", "BLIS's own choice"};
  if (host.compiled_in.empty()) return left_alone;
  if (asked && !asked->empty()) return asked_for(host, *asked);
  const std::vector<const KernelSet*> sets = usable(host);
  if (sets.empty()) return left_alone;
  const int widest = sets.front()->bits;
  const auto own = std::find_if(sets.begin(), sets.end(),
                                [&](const KernelSet* s) { return s->bits == widest && made_for(*s, host); });
  const KernelSet& taken = own == sets.end() ? *sets.front() : **own;
  std::string reason;
  if (taken.bits == 0) {
    reason = "plain C, since this processor runs no other set that BLIS has";
  } else {
    reason = fmt::format("{} bits, the widest of BLIS's sets that this processor runs{}", taken.bits,
                         own == sets.end() ? "" : ", and made for it");
  }
  return choice(host, *compiled_in(host, taken.name), reason);
}

}  // namespace gradus::kernels
