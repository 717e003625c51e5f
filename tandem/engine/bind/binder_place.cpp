// What follows from how the values of a site are used: copies made before anybody asks, and copies
// let go early.
#include "tandem/engine/bind/binder.h"

namespace tandem::engine {

using memory::AccessClass;
using passes::Home;

void Binder::place_outputs() {
  const auto& publications = plan().publications;
  if (entry_->sites.size() < publications.size()) entry_->sites.resize(publications.size());
  for (size_t i = 0; i < publications.size(); ++i) {
    const uint32_t number = publications[i].source.value;
    const passes::Value& value = plan().values[number];
    Bound& bound = values_[number];
    if (value.home != Home::output || !bound.buffer || std::exchange(bound.placed, true)) continue;
    Ref<memory::Site>& site = entry_->sites[i];
    if (!site) site = make_ref<memory::Site>(plan().instructions[value.instruction].label);
    site->produced();
    bound.buffer->set_site(site);
    push(*bound.buffer);
  }
  if (!state_.may_speculate()) release_streamed();
}

// To where its site's values are read again and again.
void Binder::push(memory::Buffer& buffer) {
  const memory::Site& site = *buffer.site();
  const bool to_cpu = site.access() == AccessClass::cpu_dominant;
  if (!to_cpu && site.access() != AccessClass::gpu_dominant) return;
  if (!state_.decides(Decision::push)) return;
  const Device place = to_cpu ? kHost : site.gpu();
  if (!state_.may_speculate() || buffer.find(place) || buffer.writable_exports() > 0) return;
  DeviceEntry& device = state_.devices.get(place);
  const uint16_t stream =
      to_cpu ? state_.devices.get(buffer.origin().device).copy_out : device.copy_in;
  memory::Block block = device.pool->allocate(buffer.bytes(), stream);
  if (!block.data) return;  // nothing makes room for a guess
  copy_to(state_, buffer, {place, std::move(block), memory::Cause::prefetch});
  buffer.find(place)->speculative = true;
  ++state_.counters.eager_pushes;
}

// While memory is short, mirrors of values that are read once do not outlive the reader.
void Binder::release_streamed() {
  if (!state_.decides(Decision::release)) return;
  for (size_t v = 0; v < values_.size(); ++v) {
    memory::Buffer* const buffer = values_[v].buffer.get();
    if (!buffer || plan().values[v].home != Home::leaf || !buffer->site()) continue;
    if (buffer->site()->access() != AccessClass::streaming) continue;
    for (size_t c = buffer->copies().size(); c-- > 1;) {  // the first is what others are made from
      const Device place = buffer->copies()[c].device;
      if (!buffer->may_drop(place)) continue;
      buffer->drop(place);
      ++state_.counters.streamed_copies_released;
    }
  }
}

}  // namespace tandem::engine
