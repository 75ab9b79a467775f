// The ops GapsAdam and GapsMoveAverages, and their kernels for CPUs: all variables of a network in
// one op each, where one for each variable would take longer to start than to compute.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>
#include <vector>

#include "element.h"
#include "op_arguments.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/resource_mgr.h"
#include "tensorflow/core/framework/resource_var.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/util/work_sharder.h"

namespace gaps {

using tensorflow::OpInputList;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::Var;
using VarPointer = tensorflow::core::RefCountPtr<Var>;

REGISTER_OP("GapsAdam")
    .Input("updates: resource")
    .Input("variables: N * resource")
    .Input("first: N * resource")
    .Input("second: N * resource")
    .Input("gradients: N * float")
    .Output("finite: bool")
    .Attr("N: int >= 1")
    .Attr("learning_rate: float")
    .Attr("beta_1: float")
    .Attr("beta_2: float")
    .Attr("epsilon: float")
    .SetIsStateful()
    .SetShapeFn(tensorflow::shape_inference::ScalarShape)
    .Doc("One update of all variables with Adam, and of the int64 number of updates; of none of "
         "them where a gradient is not finite.");

REGISTER_OP("GapsMoveAverages")
    .Input("averages: N * resource")
    .Input("currents: N * resource")
    .Attr("N: int >= 1")
    .Attr("betas: list(float)")
    .SetIsStateful()
    .SetShapeFn(tensorflow::shape_inference::NoOutputs)
    .Doc("average = current + (average - current) * beta, for all variables; a beta of 0 copies.");

// A stretch of one of the tensors, the work of a thread.
struct Stretch {
  int tensor;
  int64_t begin, end;
};

constexpr int64_t kStretch = 1 << 14;

std::vector<Stretch> Stretches(const std::vector<int64_t>& sizes) {
  std::vector<Stretch> stretches;
  for (int tensor = 0; tensor < static_cast<int>(sizes.size()); ++tensor) {
    for (int64_t begin = 0; begin < sizes[tensor]; begin += kStretch) {
      stretches.push_back({tensor, begin, std::min(begin + kStretch, sizes[tensor])});
    }
  }
  return stretches;
}

// Calls work(stretch) for each, on the device's threads.
template <typename Work>
void ForEach(OpKernelContext* context, const std::vector<Stretch>& stretches,
             int64_t cost_of_element, const Work& work) {
  int64_t elements = 0;
  for (const Stretch& each : stretches) elements += each.end - each.begin;
  const int64_t count = stretches.size();
  const auto* threads = context->device()->tensorflow_cpu_worker_threads();
  tensorflow::Shard(threads->num_threads, threads->workers, count,
                    elements * cost_of_element / std::max<int64_t>(count, 1) + 10,
                    [&](int64_t begin, int64_t end) {
                      for (int64_t i = begin; i < end; ++i) work(stretches[i]);
                    });
}

// The values before an update, and where those after it go.
struct Slot {
  const float* before;
  float* after;
};

// The variables of an op, locked in the order of their addresses, as TensorFlow's ops lock them.
class Variables {
 public:
  ~Variables() {
    for (Mutex each : locked_) each->unlock();
  }

  absl::Status Add(OpKernelContext* context, const tensorflow::ResourceHandle& handle) {
    VarPointer variable;
    TF_RETURN_IF_ERROR(tensorflow::LookupResource(context, handle, &variable));
    variables_.push_back(std::move(variable));
    return absl::OkStatus();
  }

  absl::Status Add(OpKernelContext* context, absl::string_view input) {
    OpInputList handles;
    TF_RETURN_IF_ERROR(context->input_list(input, &handles));
    for (const Tensor& each : handles) {
      TF_RETURN_IF_ERROR(Add(context, each.flat<tensorflow::ResourceHandle>()(0)));
    }
    return absl::OkStatus();
  }

  void Lock() {
    for (const VarPointer& each : variables_) locked_.push_back(each->mu());
    std::sort(locked_.begin(), locked_.end());
    locked_.erase(std::unique(locked_.begin(), locked_.end()), locked_.end());
    for (Mutex each : locked_) each->lock();
  }

  // The rest is for variables that are locked.

  absl::Status Check(int64_t i, tensorflow::DataType type, int64_t elements) const {
    const Var& variable = *variables_[i];
    const Tensor& tensor = *variables_[i]->tensor();
    if (variable.is_initialized && tensor.dtype() == type && tensor.NumElements() == elements) {
      return absl::OkStatus();
    }
    return Invalid(
        "variable ", i, " must be ", tensorflow::DataTypeString(type), " with ", elements,
        " elements; it is ", variable.is_initialized ? tensor.DebugString(0) : "not initialized");
  }

  // Where to read a variable and where to write it: into another buffer, the variable's from here
  // on, where somebody still holds what they have read of it.
  absl::Status Update(OpKernelContext* context, int64_t i, Slot* slot) {
    Tensor* tensor = variables_[i]->tensor();
    slot->before = tensor->flat<float>().data();
    if (!variables_[i]->copy_on_read_mode.load() && !tensor->RefCountIsOne()) {
      Tensor other;
      TF_RETURN_IF_ERROR(context->allocate_temp(tensor->dtype(), tensor->shape(), &other));
      replaced_.push_back(std::move(*tensor));
      *tensor = std::move(other);
    }
    slot->after = tensor->flat<float>().data();
    return absl::OkStatus();
  }

  Tensor* operator[](int64_t i) const { return variables_[i]->tensor(); }

 private:
  using Mutex = decltype(std::declval<Var>().mu());

  std::vector<VarPointer> variables_;
  std::vector<Mutex> locked_;
  std::vector<Tensor> replaced_;  // they are read until the op is done
};

struct AdamNumbers {
  float rate, complement_1, complement_2, epsilon;
};

GAPS_CLONES void UpdateAdam(const AdamNumbers& numbers, const float* gradient, const Slot& variable,
                            const Slot& first, const Slot& second, int64_t begin, int64_t end) {
#pragma GCC ivdep  // in place or apart, never shifted
  for (int64_t j = begin; j < end; ++j) {
    const float g = gradient[j];
    const float m = first.before[j] + (g - first.before[j]) * numbers.complement_1;
    const float v = second.before[j] + (g * g - second.before[j]) * numbers.complement_2;
    first.after[j] = m;
    second.after[j] = v;
    variable.after[j] = variable.before[j] - m * numbers.rate / (std::sqrt(v) + numbers.epsilon);
  }
}

GAPS_CLONES bool AllFinite(const float* values, int64_t begin, int64_t end) {
  uint32_t largest = 0;
  for (int64_t j = begin; j < end; ++j) {
    largest = std::max(largest, BitsOfFloat(values[j]) & 0x7fffffffu);
  }
  return largest < 0x7f800000u;
}

class AdamOp : public OpKernel {
 public:
  explicit AdamOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("learning_rate", &learning_rate_));
    OP_REQUIRES_OK(context, context->GetAttr("beta_1", &beta_1_));
    OP_REQUIRES_OK(context, context->GetAttr("beta_2", &beta_2_));
    OP_REQUIRES_OK(context, context->GetAttr("epsilon", &epsilon_));
  }

  void Compute(OpKernelContext* context) override {
    OpInputList gradients;
    OP_REQUIRES_OK(context, context->input_list("gradients", &gradients));
    std::vector<int64_t> sizes;
    std::vector<const float*> values;
    for (const Tensor& each : gradients) {
      sizes.push_back(each.NumElements());
      values.push_back(each.flat<float>().data());
    }
    const std::vector<Stretch> stretches = Stretches(sizes);
    std::atomic<bool> finite{true};
    ForEach(context, stretches, 1, [&](const Stretch& each) {
      if (!AllFinite(values[each.tensor], each.begin, each.end)) finite = false;
    });
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, {}, &output));
    output->scalar<bool>()() = finite;
    if (finite) OP_REQUIRES_OK(context, Update(context, sizes, values, stretches));
  }

 private:
  absl::Status Update(OpKernelContext* context, const std::vector<int64_t>& sizes,
                      const std::vector<const float*>& gradients,
                      const std::vector<Stretch>& stretches) const {
    const int64_t count = sizes.size();
    Variables variables;
    for (const char* input : {"variables", "first", "second"}) {
      TF_RETURN_IF_ERROR(variables.Add(context, input));
    }
    TF_RETURN_IF_ERROR(variables.Add(context, tensorflow::HandleFromInput(context, 0)));
    variables.Lock();
    TF_RETURN_IF_ERROR(variables.Check(3 * count, tensorflow::DT_INT64, 1));
    for (int64_t i = 0; i < 3 * count; ++i) {
      TF_RETURN_IF_ERROR(variables.Check(i, tensorflow::DT_FLOAT, sizes[i % count]));
    }
    std::vector<Slot> slots(3 * count);
    for (int64_t i = 0; i < 3 * count; ++i) {
      TF_RETURN_IF_ERROR(variables.Update(context, i, &slots[i]));
    }
    // A tensor of its own: whoever has read the old number keeps it.
    Tensor updates(tensorflow::DT_INT64, {});
    updates.scalar<int64_t>()() = variables[3 * count]->scalar<int64_t>()() + 1;
    *variables[3 * count] = updates;
    const AdamNumbers numbers = Numbers(updates.scalar<int64_t>()());
    ForEach(context, stretches, 10, [&](const Stretch& each) {
      const int64_t i = each.tensor;
      UpdateAdam(numbers, gradients[i], slots[i], slots[count + i], slots[2 * count + i],
                 each.begin, each.end);
    });
    return absl::OkStatus();
  }

  AdamNumbers Numbers(int64_t updates) const {
    const double unbiased_1 = 1 - std::pow(double{beta_1_}, static_cast<double>(updates));
    const double unbiased_2 = 1 - std::pow(double{beta_2_}, static_cast<double>(updates));
    return {static_cast<float>(learning_rate_ * std::sqrt(unbiased_2) / unbiased_1), 1 - beta_1_,
            1 - beta_2_, epsilon_};
  }

  float learning_rate_, beta_1_, beta_2_, epsilon_;
};

GAPS_CLONES void MoveAverage(float beta, const Slot& average, const float* current, int64_t begin,
                             int64_t end) {
#pragma GCC ivdep
  for (int64_t j = begin; j < end; ++j) {
    average.after[j] = current[j] + (average.before[j] - current[j]) * beta;
  }
}

class MoveAveragesOp : public OpKernel {
 public:
  explicit MoveAveragesOp(OpKernelConstruction* context) : OpKernel(context) {
    int count;
    OP_REQUIRES_OK(context, context->GetAttr("N", &count));
    OP_REQUIRES_OK(context, context->GetAttr("betas", &betas_));
    OP_REQUIRES(context, static_cast<int>(betas_.size()) == count,
                Invalid("there must be a beta for each average"));
  }

  void Compute(OpKernelContext* context) override {
    Variables variables;
    OP_REQUIRES_OK(context, variables.Add(context, "averages"));
    OP_REQUIRES_OK(context, variables.Add(context, "currents"));
    variables.Lock();
    const int64_t count = betas_.size();
    std::vector<int64_t> sizes;
    for (int64_t i = 0; i < count; ++i) {
      sizes.push_back(variables[i]->NumElements());
      OP_REQUIRES_OK(context, variables.Check(i, tensorflow::DT_FLOAT, sizes[i]));
      OP_REQUIRES_OK(context, variables.Check(count + i, tensorflow::DT_FLOAT, sizes[i]));
    }
    std::vector<Slot> slots(count);
    for (int64_t i = 0; i < count; ++i) {
      OP_REQUIRES_OK(context, variables.Update(context, i, &slots[i]));
    }
    ForEach(context, Stretches(sizes), 3, [&](const Stretch& each) {
      const float* current = variables[count + each.tensor]->flat<float>().data();
      if (betas_[each.tensor] == 0) {
        std::copy(current + each.begin, current + each.end, slots[each.tensor].after + each.begin);
      } else {
        MoveAverage(betas_[each.tensor], slots[each.tensor], current, each.begin, each.end);
      }
    });
  }

 private:
  std::vector<float> betas_;
};

REGISTER_KERNEL_BUILDER(Name("GapsAdam").Device(tensorflow::DEVICE_CPU), AdamOp);
REGISTER_KERNEL_BUILDER(Name("GapsMoveAverages").Device(tensorflow::DEVICE_CPU), MoveAveragesOp);

}  // namespace gaps
