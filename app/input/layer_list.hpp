/// @file
/// Layers of a model as they are said on the command line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gradus::app {

/// "-1", "0,6,12", or "last4" for -4,-3,-2,-1. @throws WrongCall for another form.
std::vector<int64_t> layers_of(const std::string& list);

/// @throws WrongCall where the model, which has so many layers, has not all of these.
void check_layers(const std::vector<int64_t>& layers, const std::string& list, int64_t there,
                  const std::filesystem::path& model);

}  // namespace gradus::app
