#include "nn/optimizers/optimizer_names.hpp"

#include "nn/optimizers/muon.hpp"

namespace gradus::nn {

std::unique_ptr<Optimizer> optimizer_by_name(std::string_view name, const Parameters& parameters,
                                             const OptimizerSettings& s) {
  const AdamOptions adam{.lr = s.learning_rate,
                         .beta1 = s.beta1,
                         .beta2 = s.beta2,
                         .eps = {},
                         .weight_decay = s.weight_decay,
                         .groups = s.groups};
  if (name == "adamw") return std::make_unique<AdamW>(parameters, adam);
  if (name == "bert-adam") return std::make_unique<BertAdam>(parameters, adam);
  if (name == "adam") return std::make_unique<Adam>(parameters, adam);
  if (name == "muon") {
    return std::make_unique<Muon>(parameters, MuonOptions{.lr = s.learning_rate,
                                                          .weight_decay = s.weight_decay,
                                                          .beta1 = s.beta1,
                                                          .beta2 = s.beta2,
                                                          .groups = s.groups});
  }
  if (name == "sgd") {
    return std::make_unique<Sgd>(
        parameters,
        SgdOptions{
            .lr = s.learning_rate, .momentum = 0.9, .weight_decay = s.weight_decay, .groups = s.groups});
  }
  fail<ValueError>("there is no optimizer '{}'; choose adamw, bert-adam, adam, muon or sgd", name);
}

}  // namespace gradus::nn
