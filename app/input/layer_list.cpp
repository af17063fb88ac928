#include "app/input/layer_list.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "app/command.hpp"

namespace gradus::app {

std::vector<int64_t> layers_of(const std::string& text) {
  const auto number = [&](std::string_view digits) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
      fail<WrongCall>("--layers: '{}' is no list of layers, such as -1 or 9,10,11,12 or last4", text);
    }
    return value;
  };
  std::vector<int64_t> layers;
  constexpr std::string_view last = "last";
  constexpr int64_t most = 1'000'000;  // far beyond any model, which will say so
  if (text.starts_with(last)) {
    const int64_t count = number(std::string_view(text).substr(last.size()));
    if (count < 1) fail<WrongCall>("--layers: '{}' names no layer", text);
    for (int64_t layer = -std::min(count, most); layer < 0; ++layer) layers.push_back(layer);
    return layers;
  }
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    layers.push_back(number(std::string_view(text).substr(begin, end - begin)));
    begin = end + 1;
  }
  return layers;
}

void check_layers(const std::vector<int64_t>& layers, const std::string& list, int64_t there,
                  const std::filesystem::path& model) {
  for (const int64_t layer : layers) {
    if (layer >= -there - 1 && layer <= there) continue;
    fail<WrongCall>("--layers: '{}' asks for more than there is in {}: 0, its embeddings, to {}, or last{}",
                    list, model.string(), there, there + 1);
  }
}

}  // namespace gradus::app
