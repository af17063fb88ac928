/// @file
/// Which of BLIS's kernel sets to use: chosen by what the processor can do, whoever made it.
///
/// BLIS 0.9 knows processors by family and model. On one that is newer than itself it takes its plain C
/// kernels, several times slower than what the processor can run; on an Intel Xeon whose name it cannot read
/// it leaves half of the vector width unused. So Gradus decides before BLIS's first call, and tells it by
/// BLIS_ARCH_TYPE.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gradus::kernels {

/// What a kernel set asks of a processor.
enum class CpuFeature : uint32_t {
  ssse3 = 1,
  avx = 2,
  fma3 = 4,
  fma4 = 8,
  avx2 = 16,
  avx512 = 32,      ///< AVX-512 F, DQ, BW and VL
  avx512_knl = 64,  ///< AVX-512 F and PF
  neon = 128,
  sve256 = 256,  ///< SVE with vectors of at least 256 bits
  sve512 = 512,  ///< SVE with vectors of 512 bits
};

/// A set of features: `CpuFeature::avx | CpuFeature::fma3`.
struct CpuFeatures {
  uint32_t bits = 0;
  constexpr CpuFeatures() = default;
  constexpr CpuFeatures(CpuFeature one) : bits(static_cast<uint32_t>(one)) {}
  constexpr bool has(CpuFeatures all) const { return (bits & all.bits) == all.bits; }
  constexpr CpuFeatures& operator|=(CpuFeatures more) {
    bits |= more.bits;
    return *this;
  }
};
constexpr CpuFeatures operator|(CpuFeatures a, CpuFeatures b) { return a |= b; }
constexpr CpuFeatures operator|(CpuFeature a, CpuFeature b) { return CpuFeatures(a) | CpuFeatures(b); }

/// A kernel set that BLIS has compiled in.
struct BlisSet {
  std::string name;
  int number = 0;  ///< its place in BLIS's own list, which versions up to 0.9 want in BLIS_ARCH_TYPE
};

/// What the choice depends on.
struct BlisHost {
  std::string blis_version;          ///< as BLIS gives it: "0.9.0"
  std::vector<BlisSet> compiled_in;  ///< none where the kind of processor is not known here, as POWER
  std::string maker;                 ///< "AuthenticAMD", "GenuineIntel", ... as the processor gives it
  int family = 0, model = 0;
  CpuFeatures features;
};

struct BlisChoice {
  std::string name;    ///< "zen3"; empty where BLIS is left alone
  std::string value;   ///< what BLIS_ARCH_TYPE must be: a number up to BLIS 0.9, a name after; or empty
  std::string reason;  ///< "the widest that ...", for people
};

/// The kernel set for `host`. `asked` is the user's own BLIS_ARCH_TYPE, a name or a number, and wins.
///
/// Of the sets that BLIS has compiled in and the features allow, it is the widest; of several of that width
/// the one made for this processor, which is what BLIS would take, else the first of our table. Where BLIS
/// has none that is known here, it is left alone. @throws Error if `asked` is no set, is not compiled in, or
/// needs what the processor lacks: BLIS would abort or die of an illegal instruction.
BlisChoice choose_blis_kernels(const BlisHost& host, std::optional<std::string> asked = {});

/// The names of the compiled-in sets that this processor can run, as known here; the widest first.
std::vector<std::string> usable_blis_sets(const BlisHost& host);

/// The machine and the BLIS that run this program.
BlisHost this_blis_host();

/// The choice for this program, made at the first call from this_blis_host() and the environment.
/// @throws Error as choose_blis_kernels() does, at every call.
const BlisChoice& blis_choice();

}  // namespace gradus::kernels
