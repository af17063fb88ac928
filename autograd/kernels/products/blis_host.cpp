// What this machine and this BLIS are. Nothing here makes BLIS read its environment.
#include <blis.h>

#include "autograd/kernels/products/blis_choice.hpp"

#include <cstdlib>

#ifdef __x86_64__
#include <cpuid.h>

#include <cstring>
#endif
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#include <sys/prctl.h>
#endif

namespace gradus::kernels {

namespace {

// blis.h defines BLIS_CONFIG_... for each set that was compiled in, and numbers all that it knows.
std::vector<BlisSet> sets_of_blis() {
#if defined(__x86_64__) || defined(__aarch64__)
  return {
#ifdef BLIS_CONFIG_SKX
      {"skx", BLIS_ARCH_SKX},
#endif
#ifdef BLIS_CONFIG_ZEN5
      {"zen5", BLIS_ARCH_ZEN5},
#endif
#ifdef BLIS_CONFIG_ZEN4
      {"zen4", BLIS_ARCH_ZEN4},
#endif
#ifdef BLIS_CONFIG_KNL
      {"knl", BLIS_ARCH_KNL},
#endif
#ifdef BLIS_CONFIG_HASWELL
      {"haswell", BLIS_ARCH_HASWELL},
#endif
#ifdef BLIS_CONFIG_ZEN3
      {"zen3", BLIS_ARCH_ZEN3},
#endif
#ifdef BLIS_CONFIG_ZEN2
      {"zen2", BLIS_ARCH_ZEN2},
#endif
#ifdef BLIS_CONFIG_ZEN
      {"zen", BLIS_ARCH_ZEN},
#endif
#ifdef BLIS_CONFIG_EXCAVATOR
      {"excavator", BLIS_ARCH_EXCAVATOR},
#endif
#ifdef BLIS_CONFIG_STEAMROLLER
      {"steamroller", BLIS_ARCH_STEAMROLLER},
#endif
#ifdef BLIS_CONFIG_PILEDRIVER
      {"piledriver", BLIS_ARCH_PILEDRIVER},
#endif
#ifdef BLIS_CONFIG_BULLDOZER
      {"bulldozer", BLIS_ARCH_BULLDOZER},
#endif
#ifdef BLIS_CONFIG_SANDYBRIDGE
      {"sandybridge", BLIS_ARCH_SANDYBRIDGE},
#endif
#ifdef BLIS_CONFIG_PENRYN
      {"penryn", BLIS_ARCH_PENRYN},
#endif
#ifdef BLIS_CONFIG_A64FX
      {"a64fx", BLIS_ARCH_A64FX},
#endif
#ifdef BLIS_CONFIG_ARMSVE
      {"armsve", BLIS_ARCH_ARMSVE},
#endif
#ifdef BLIS_CONFIG_THUNDERX2
      {"thunderx2", BLIS_ARCH_THUNDERX2},
#endif
#ifdef BLIS_CONFIG_FIRESTORM
      {"firestorm", BLIS_ARCH_FIRESTORM},
#endif
#ifdef BLIS_CONFIG_CORTEXA57
      {"cortexa57", BLIS_ARCH_CORTEXA57},
#endif
#ifdef BLIS_CONFIG_CORTEXA53
      {"cortexa53", BLIS_ARCH_CORTEXA53},
#endif
#ifdef BLIS_CONFIG_GENERIC
      {"generic", BLIS_ARCH_GENERIC},
#endif
  };
#else
  return {};
#endif
}

#ifdef __x86_64__
// The processor by its CPUID leaves 0 and 1; the extended family and model are added as the manuals of both
// makers say.
void identify(BlisHost& host) {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(0, &eax, &ebx, &ecx, &edx) == 0) return;
  char maker[12];
  std::memcpy(maker, &ebx, 4), std::memcpy(maker + 4, &edx, 4), std::memcpy(maker + 8, &ecx, 4);
  host.maker.assign(maker, sizeof maker);
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return;
  const unsigned family = eax >> 8 & 0xf, model = eax >> 4 & 0xf;
  host.family = static_cast<int>(family == 0xf ? family + (eax >> 20 & 0xff) : family);
  host.model = static_cast<int>(family == 0xf || family == 6 ? model + (eax >> 12 & 0xf0) : model);
}

// GCC's builtins also ask whether the operating system keeps the wide registers.
CpuFeatures features() {
  CpuFeatures all;
  const auto add = [&](bool has, CpuFeature feature) {
    if (has) all |= feature;
  };
  add(__builtin_cpu_supports("ssse3"), CpuFeature::ssse3);
  add(__builtin_cpu_supports("avx"), CpuFeature::avx);
  add(__builtin_cpu_supports("fma"), CpuFeature::fma3);
  add(__builtin_cpu_supports("fma4"), CpuFeature::fma4);
  add(__builtin_cpu_supports("avx2"), CpuFeature::avx2);
  const bool avx512 = __builtin_cpu_supports("avx512f");
  add(avx512 && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
          __builtin_cpu_supports("avx512vl"),
      CpuFeature::avx512);
  add(avx512 && __builtin_cpu_supports("avx512pf"), CpuFeature::avx512_knl);
  return all;
}
#elif defined(__aarch64__)
void identify(BlisHost&) {}

CpuFeatures features() {
  CpuFeatures all = CpuFeature::neon;
#if defined(__linux__) && defined(PR_SVE_GET_VL)
  constexpr unsigned long sve = 1UL << 22;  // HWCAP_SVE
  if ((getauxval(AT_HWCAP) & sve) != 0) {
    const int bytes = prctl(PR_SVE_GET_VL) & 0xffff;
    if (bytes >= 32) all |= CpuFeature::sve256;
    if (bytes == 64) all |= CpuFeature::sve512;
  }
#endif
  return all;
}
#else
void identify(BlisHost&) {}
CpuFeatures features() { return {}; }
#endif

}  // namespace

BlisHost this_blis_host() {
  BlisHost host;
  host.blis_version = bli_info_get_version_str();
  host.compiled_in = sets_of_blis();
  host.features = features();
  identify(host);
  return host;
}

const BlisChoice& blis_choice() {
  static const BlisChoice choice = [] {
    const char* asked = std::getenv("BLIS_ARCH_TYPE");
    return choose_blis_kernels(this_blis_host(),
                               asked == nullptr ? std::nullopt : std::optional<std::string>(asked));
  }();
  return choice;
}

}  // namespace gradus::kernels
