#include "bert/inspection/ablation.hpp"

#include "autograd/error.hpp"
#include "autograd/plural.hpp"

namespace gradus::bert {

HeadAblation::HeadAblation(const Bert& model, const std::vector<HeadName>& heads) {
  const int64_t layers = model.config.num_hidden_layers, count = model.config.num_attention_heads;
  const int64_t width = model.config.hidden_size / count;
  for (const HeadName& name : heads)
    if (name.layer < 0 || name.layer >= layers || name.head < 0 || name.head >= count)
      fail<IndexError>("there is no head {} in layer {}: the model has {} {} of {} {}, counted from 0",
                       name.head, name.layer, layers, plural(layers, "layer"), count, plural(count, "head"));
  const NoGrad no_grad;
  for (const HeadName& name : heads) {
    const Tensor weight =
        model.encoder.layers[static_cast<size_t>(name.layer)].attention.output.weight.detach();
    Tensor columns =
        weight.slice(1, name.head * width, (name.head + 1) * width);  // [H, D], the weight's memory
    kept_.emplace_back(columns, columns.clone());
    columns.copy_(zeros(columns.shape(), columns.dtype()));
  }
}

HeadAblation::~HeadAblation() {
  const NoGrad no_grad;
  // Backwards, so that a head that was named twice gets what it had first.
  for (auto entry = kept_.rbegin(); entry != kept_.rend(); ++entry) entry->first.copy_(entry->second);
}

std::vector<HeadName> all_heads(const Bert& model) {
  std::vector<HeadName> heads;
  for (int64_t layer = 0; layer < model.config.num_hidden_layers; ++layer)
    for (int64_t head = 0; head < model.config.num_attention_heads; ++head) heads.push_back({layer, head});
  return heads;
}

}  // namespace gradus::bert
