/// @file
/// Optimisers: SGD, Adam, AdamW, and the Adam of google-research/bert. Muon is in muon.hpp beside this, the
/// choice of one by name in optimizer_names.hpp.
///
///     AdamW optimizer(model, {.lr = 1e-3});
///     for (int64_t step = 0; step < steps; ++step) {
///       optimizer.zero_grad();
///       loss(model, batch).backward();
///       optimizer.set_learning_rate(schedule(step));
///       optimizer.clipped_step(1.0);
///     }
///
/// An optimiser moves the parameters into a ParameterArena and steps over it in one pass. Convert the module
/// (`to`) before making one. It leaves alone what is frozen at the time of a step; a parameter that was
/// frozen when the optimiser was made, and no longer is, needs a new one: step throws GraphError.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/optimizers/arena.hpp"
#include "nn/optimizers/optimizer_share.hpp"

namespace gradus::nn {

/// Parameters that learn in their own way: those whose name `holds`, and that no earlier group holds.
///
///     AdamW optimizer(model, {.lr = 1e-3, .groups = {{.holds = names_under("bert"), .rate = 0.1}}});
struct ParameterGroup {
  std::function<bool(const std::string& name)> holds;
  double rate = 1;  ///< their learning rate is `rate` times the optimiser's, which a schedule may move
  std::optional<double> weight_decay = {};  ///< unset: as the optimiser's options say
};
/// The names below a part: names_under("bert.encoder") holds "bert.encoder.layer.0...", not "bert.encoders".
std::function<bool(const std::string& name)> names_under(const std::string& part);

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// From now on steps over its share alone, and fetches the others' elements after each step. All optimisers
  /// together do what one would do, with the same bits. @throws Error after the first step, and for an
  /// optimiser that needs whole matrices.
  void share(OptimizerShare share);

  /// One step with the gradients as they are.
  void step();

  /// One step with the gradients scaled so that their global norm is at most `max_norm` (Pascanu et al.
  /// 2013): by max_norm / (norm + 1e-6) if that is below 1. The scaling happens inside the step; grad() keeps
  /// the unscaled values. Returns the norm before scaling. @throws Error if it is NaN or infinite,
  /// ValueError if max_norm is not above 0; nothing is then changed.
  double clipped_step(double max_norm);

  /// The Euclidean norm of all gradients together, added in double; those of frozen parameters do not count.
  double grad_norm() const;

  void zero_grad() const { arena_.zero_grad(); }
  double learning_rate() const { return lr_; }
  void set_learning_rate(double lr);        ///< @throws ValueError unless it is a number from 0 on.
  int64_t steps() const { return steps_; }  ///< Steps taken so far.
  const ParameterArena& arena() const { return arena_; }

  /// The moments, as "exp_avg.NAME" and so on, and "step": all that a resumed run needs beside the
  /// parameters. They share memory with the optimiser. @throws Error if it has a share: take state_value.
  StateDict state_dict() const;
  /// Puts them back. @throws FormatError that names every missing, unexpected or misshaped entry at once.
  void load_state_dict(const StateDict& state);

  /// The same entry by entry, for a file that need not fit into memory: what there is, by name;
  std::vector<TensorEntry> state_entries() const;
  /// the value of one (with a share, all must be asked for it together: see OptimizerShare::collect);
  Tensor state_value(const std::string& name) const;
  /// and back, where `there` says what `read` can give. @throws as load_state_dict.
  void load_state(const std::map<std::string, Shape>& there,
                  const std::function<Tensor(const std::string& name)>& read);

 protected:
  struct Common {
    double lr, weight_decay;
    const DecayRule& decays;
    const std::vector<ParameterGroup>& groups;
  };
  /// @throws Error for a group that holds no parameter, ValueError for a number that is negative or not
  /// finite.
  Optimizer(const Parameters& parameters, const Common& common, std::vector<std::string> moments);
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Neighbouring parameters that learn in the same way: elements [begin, end) of the flat arrays.
  struct Stretch {
    int64_t begin, end;
    double lr, weight_decay, grad_scale;
    const ParameterArena::Entry* alone = nullptr;  ///< set if it is one parameter that steps_alone()
  };
  virtual void update(const Stretch& stretch) = 0;
  /// Whether a parameter is to be a stretch of its own, because its step needs its shape.
  virtual bool steps_alone(const ParameterArena::Entry&) const { return false; }
  /// Whether its step takes each element by itself.
  virtual bool can_share() const { return true; }

  template <class T>
  T* values(int64_t begin) {
    return arena_.values().mutable_data<T>() + begin;
  }
  template <class T>
  const T* gradients(int64_t begin) const {
    return arena_.gradients().data<T>() + begin;
  }
  template <class T>
  T* moment(size_t which, int64_t begin) {
    return moment_array(which).mutable_data<T>() + place_of(begin);
  }
  Tensor& moment_array(size_t which) const;

 private:
  struct Setting {  // of one parameter
    double rate, weight_decay;
  };
  template <class Take>
  void each_moment(const Take& take) const;
  std::vector<Stretch> stretches(double grad_scale) const;
  std::vector<Stretch> own_parts(const std::vector<Stretch>& all) const;
  void run(double grad_scale);
  /// Where the moment of an element stands: moments have no room for those of others.
  int64_t place_of(int64_t element) const;

  ParameterArena arena_;
  double lr_;
  std::vector<Setting> settings_;  // one for each entry of the arena
  int64_t steps_ = 0;
  std::vector<std::string> moment_names_;
  // Flat, as the arena, or as the share's parts one after the other; made when first asked for, since a share
  // that comes after the construction needs less memory.
  mutable std::vector<Tensor> moments_;
  std::optional<OptimizerShare> share_;
};

struct SgdOptions {
  double lr = 1e-2;
  double momentum = 0;
  double weight_decay = 0;
  bool nesterov = false;
  DecayRule decays = decays_by_name;  ///< unnamed tensors all decay, as in PyTorch
  std::vector<ParameterGroup> groups = {};
};

/// Gradient descent with momentum as torch.optim.SGD: g += decay w; m = momentum m + g; w -= lr m (with
/// nesterov: w -= lr (g + momentum m); Sutskever et al. 2013). @throws ValueError for nesterov without
/// momentum.
class Sgd : public Optimizer {
 public:
  explicit Sgd(const Parameters& parameters, const SgdOptions& options = {});

 private:
  void update(const Stretch& stretch) override;
  double momentum_;
  bool nesterov_;
};

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  std::optional<double> eps = {}, weight_decay = {};  ///< unset: as the class says
  DecayRule decays = decays_by_name;                  ///< unnamed tensors all decay, as in PyTorch
  std::vector<ParameterGroup> groups = {};
};

/// Adam (Kingma and Ba 2015, algorithm 1), weight decay added to the gradient as in torch.optim.Adam. Unset
/// options: eps 1e-8, no decay.
class Adam : public Optimizer {
 public:
  explicit Adam(const Parameters& parameters, const AdamOptions& options = {});

 protected:
  enum class Kind { adam, adamw, bert };
  /// Where options leave eps and decay unset, these.
  Adam(const Parameters& parameters, const AdamOptions& options, Kind kind, double eps, double weight_decay);

  void update(const Stretch& stretch) override;

 private:
  double beta1_, beta2_, eps_;
  Kind kind_;
};

/// AdamW (Loshchilov and Hutter 2019, algorithm 2): the decay shrinks the weight and stays out of the
/// moments. Unset options: eps 1e-8, decay 0.01.
class AdamW : public Adam {
 public:
  explicit AdamW(const Parameters& parameters, const AdamOptions& options = {});
};

/// The Adam of google-research/bert: as AdamW, but without bias correction and with eps outside the root.
/// Unset options: eps 1e-6, decay 0.01.
class BertAdam : public Adam {
 public:
  explicit BertAdam(const Parameters& parameters, const AdamOptions& options = {});
};

/// Scales the gradients of `parameters` in place so that their global norm is at most `max_norm`, and returns
/// the norm before. A parameter without a gradient counts as 0. If the norm is NaN or infinite: throws Error
/// if `must_be_finite`, else leaves the gradients as they are. @throws ValueError if max_norm is not above 0.
/// (Optimizer::clipped_step does it in the step.)
double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm, bool must_be_finite = false);

}  // namespace gradus::nn
