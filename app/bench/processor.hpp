/// @file
/// The name of the processor, which stands beside every figure of time.
#pragma once

#include <string>
#include <string_view>

namespace gradus::app {

/// The processor's name in `cpuinfo`, the text of Linux's /proc/cpuinfo, with single spaces: what follows
/// "model name", or else "cpu model" (MIPS), "cpu" (POWER), "Model" or "Hardware" (ARM's boards). Where there
/// is none, as on AArch64, "NAME processor" with the name that the system has for such machines: "aarch64".
std::string processor_name(std::string_view cpuinfo, const std::string& machine);

/// That of this machine.
std::string processor_name();

}  // namespace gradus::app
