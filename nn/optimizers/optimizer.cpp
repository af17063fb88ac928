#include "nn/optimizers/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/kernels/optimizer.hpp"
#include "autograd/kernels/pieces.hpp"

namespace gradus::nn {
namespace {

/// The factor that brings a norm down to max_norm; PyTorch adds the same 1e-6.
double clip_factor(double norm, double max_norm) {
  if (!(max_norm > 0)) fail<ValueError>("clipping: max_norm must be above 0, not {}", max_norm);
  return std::min(1.0, max_norm / (norm + 1e-6));
}

double sum_of_squares(const Tensor& x) {
  return dispatch_float(x.dtype(), "grad_norm",
                        [&]<class T> { return kernels::sum_of_squares<T>(x.data<T>(), x.numel()); });
}

void check_from_0(const char* name, double value) {
  if (!(value >= 0 && std::isfinite(value)))
    fail<ValueError>("optimizer: {} is {}; it must be a number from 0 on", name, value);
}

void check_beta(const char* name, double value) {
  if (!(value >= 0 && value < 1))
    fail<ValueError>("optimizer: {} is {}; it must be a number from 0 up to 1", name, value);
}

const SgdOptions& checked(const SgdOptions& options) {
  check_from_0("momentum", options.momentum);
  if (options.nesterov && !(options.momentum > 0)) {
    fail<ValueError>("sgd: nesterov needs a momentum above 0, not {}", options.momentum);
  }
  return options;
}

}  // namespace

// ---- What all optimisers share ----

std::function<bool(const std::string& name)> names_under(const std::string& part) {
  return [prefix = part + "."](const std::string& name) { return name.starts_with(prefix); };
}

Optimizer::Optimizer(const Parameters& parameters, const Common& common, std::vector<std::string> moments)
    : arena_(parameters, common.decays), lr_(common.lr), moment_names_(std::move(moments)) {
  check_from_0("the learning rate", common.lr);
  check_from_0("weight_decay", common.weight_decay);
  std::vector<bool> used(common.groups.size());
  for (const auto& entry : arena_.entries()) {
    const auto group = std::find_if(common.groups.begin(), common.groups.end(),
                                    [&](const ParameterGroup& g) { return g.holds && g.holds(entry.name); });
    Setting setting{1, common.weight_decay};
    if (group != common.groups.end()) {
      setting = {group->rate, group->weight_decay.value_or(common.weight_decay)};
      used[static_cast<size_t>(group - common.groups.begin())] = true;
    }
    if (entry.offset >= arena_.decaying()) setting.weight_decay = 0;
    settings_.push_back(setting);
  }
  for (size_t i = 0; i < used.size(); ++i) {
    const double rate = common.groups[i].rate;
    if (!used[i]) fail<Error>("optimizer: group {} holds no parameter that an earlier one leaves", i);
    if (!(rate >= 0 && std::isfinite(rate)))
      fail<ValueError>("optimizer: the rate of group {} is {}; it must be a number from 0 on", i, rate);
  }
  moments_.resize(moment_names_.size());
}

void Optimizer::set_learning_rate(double lr) {
  check_from_0("the learning rate", lr);
  lr_ = lr;
}

std::vector<Optimizer::Stretch> Optimizer::stretches(double grad_scale) const {
  std::vector<Stretch> result;
  const Setting* last = nullptr;
  for (size_t i = 0; i < settings_.size(); ++i) {
    const auto& entry = arena_.entries()[i];
    if (!entry.parameter.needs_grad()) continue;
    const Setting& own = settings_[i];
    const bool alone = steps_alone(entry);
    const bool goes_on = last && !alone && !result.back().alone && result.back().end == entry.offset &&
                         last->rate == own.rate && last->weight_decay == own.weight_decay;
    if (!goes_on) {
      result.push_back({entry.offset, entry.offset, lr_ * own.rate, own.weight_decay, grad_scale,
                        alone ? &entry : nullptr});
    }
    result.back().end += entry.parameter.numel();
    last = &own;
  }
  return result;
}

/// What of these stretches this optimiser steps over.
std::vector<Optimizer::Stretch> Optimizer::own_parts(const std::vector<Stretch>& all) const {
  if (!share_) return all;
  std::vector<Stretch> own;
  for (const Stretch& stretch : all) {
    for (const OptimizerShare::Part& part : share_->parts) {
      Stretch both = stretch;
      both.begin = std::max(stretch.begin, part.begin);
      both.end = std::min(stretch.end, part.end);
      if (both.begin < both.end) own.push_back(both);
    }
  }
  return own;
}

void Optimizer::run(double grad_scale) {
  ++steps_;
  for (const Stretch& stretch : own_parts(stretches(grad_scale))) update(stretch);
  if (share_) share_->gather(arena_.values());
}

void Optimizer::share(OptimizerShare share) {
  if (!can_share())
    fail<Error>("optimizer: this one steps over whole matrices, so its work cannot be shared");
  if (steps_ > 0)
    fail<Error>("optimizer: {} {} taken already; share its work before the first", steps_,
                steps_ == 1 ? "step is" : "steps are");
  share_ = std::move(share);
  for (Tensor& moment : moments_) moment = Tensor();
}

int64_t Optimizer::place_of(int64_t element) const {
  if (!share_) return element;
  int64_t place = 0;
  for (const OptimizerShare::Part& part : share_->parts) {
    if (element < part.end) return place + element - part.begin;
    place += part.end - part.begin;
  }
  return place;
}

void Optimizer::step() {
  arena_.gather();
  run(1);
}

double Optimizer::clipped_step(double max_norm) {
  const double norm = grad_norm();
  if (!std::isfinite(norm)) {
    fail<Error>("optimizer: the norm of the gradients is {}; step {} was not taken", norm, steps_ + 1);
  }
  run(clip_factor(norm, max_norm));
  return norm;
}

double Optimizer::grad_norm() const {
  arena_.gather();
  constexpr int64_t piece = kernels::elements_per_piece;
  // A piece of the arena belongs to one optimiser, whose sum of it is the same whoever has the others.
  std::vector<double> squares(static_cast<size_t>((arena_.size() + piece - 1) / piece));
  for (const Stretch& stretch : own_parts(stretches(1))) {
    dispatch_float(arena_.dtype(), "grad_norm", [&]<class T> {
      kernels::add_squares<T>(arena_.gradients().data<T>(), stretch.begin, stretch.end, squares.data());
    });
  }
  if (share_) share_->add_up(squares);
  return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
}

// ---- Gradient descent ----

Sgd::Sgd(const Parameters& parameters, const SgdOptions& options)
    : Optimizer(
          parameters, {checked(options).lr, options.weight_decay, options.decays, options.groups},
          options.momentum != 0 ? std::vector<std::string>{"momentum_buffer"} : std::vector<std::string>{}),
      momentum_(options.momentum),
      nesterov_(options.nesterov) {}

void Sgd::update(const Stretch& stretch) {
  const kernels::SgdSettings settings{.lr = stretch.lr,
                                      .momentum = momentum_,
                                      .weight_decay = stretch.weight_decay,
                                      .nesterov = nesterov_,
                                      .grad_scale = stretch.grad_scale};
  const int64_t begin = stretch.begin, n = stretch.end - begin;
  dispatch_float(arena().dtype(), "sgd", [&]<class T> {
    kernels::sgd_step<T>(values<T>(begin), gradients<T>(begin),
                         momentum_ != 0 ? moment<T>(0, begin) : nullptr, n, settings);
  });
}

// ---- The Adam family ----

Adam::Adam(const Parameters& parameters, const AdamOptions& options, Kind kind, double eps,
           double weight_decay)
    : Optimizer(parameters,
                {options.lr, options.weight_decay.value_or(weight_decay), options.decays, options.groups},
                {"exp_avg", "exp_avg_sq"}),
      beta1_(options.beta1),
      beta2_(options.beta2),
      eps_(options.eps.value_or(eps)),
      kind_(kind) {
  check_beta("beta1", beta1_);
  check_beta("beta2", beta2_);
  check_from_0("eps", eps_);
}

Adam::Adam(const Parameters& parameters, const AdamOptions& options)
    : Adam(parameters, options, Kind::adam, 1e-8, 0) {}
AdamW::AdamW(const Parameters& parameters, const AdamOptions& options)
    : Adam(parameters, options, Kind::adamw, 1e-8, 0.01) {}
BertAdam::BertAdam(const Parameters& parameters, const AdamOptions& options)
    : Adam(parameters, options, Kind::bert, 1e-6, 0.01) {}

void Adam::update(const Stretch& stretch) {
  const double t = static_cast<double>(steps());
  const kernels::AdamSettings settings{.lr = stretch.lr,
                                       .beta1 = beta1_,
                                       .beta2 = beta2_,
                                       .eps = eps_,
                                       .weight_decay = stretch.weight_decay,
                                       .correction1 = 1 - std::pow(beta1_, t),
                                       .correction2 = 1 - std::pow(beta2_, t),
                                       .grad_scale = stretch.grad_scale};
  const int64_t begin = stretch.begin, n = stretch.end - begin;
  dispatch_float(arena().dtype(), "adam", [&]<class T> {
    const auto kernel = kind_ == Kind::adam    ? kernels::adam_step<T>
                        : kind_ == Kind::adamw ? kernels::adamw_step<T>
                                               : kernels::bert_adam_step<T>;
    kernel(values<T>(begin), gradients<T>(begin), moment<T>(0, begin), moment<T>(1, begin), n, settings);
  });
}

// ---- Clipping ----

double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm, bool must_be_finite) {
  double squares = 0;
  for (const Tensor& parameter : parameters) {
    if (parameter.grad().defined()) squares += sum_of_squares(parameter.grad().detach().contiguous());
  }
  const double norm = std::sqrt(squares);
  if (!std::isfinite(norm)) {
    if (must_be_finite) fail<Error>("clip_grad_norm: the norm of the gradients is {}", norm);
    return norm;
  }
  const double factor = clip_factor(norm, max_norm);
  if (factor == 1) return norm;
  const NoGrad no_grad;
  for (const Tensor& parameter : parameters) {
    Tensor gradient = parameter.grad();
    if (gradient.defined()) gradient.detach().copy_(gradient.detach() * factor);
  }
  return norm;
}

}  // namespace gradus::nn
