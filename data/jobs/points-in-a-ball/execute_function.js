async function (variable, context) {
  // Counts the points with whole coordinates in a ball, x * x + y * y + z * z <= radius * radius, slice by slice: a
  // count for each x with from <= x < to. The slice of -x holds as many.
  //
  // The graphics card counts: one workgroup for each slice, whose 64 invocations share the rows of y among them. A row
  // has one point at z = 0, and two for each z up to the root of what is left. The shader reckons in whole numbers of
  // 32 bits alone, which are exact and the same on every card, as its roots and fractions are not.
  //
  // Device and pipeline are kept in `context`, since making them takes longer than counting a unit.
  const shader = `
    struct Slices { radius: u32, first: u32 }
    @group(0) @binding(0) var<uniform> slices: Slices;
    @group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>>;

    fn root(square: u32) -> u32 { // rounded down, from the highest bit to the lowest
      var found = 0u;
      for (var bit = 32768u; bit > 0u; bit >>= 1u) {
        let tried = found | bit;
        if (tried * tried <= square) { found = tried; }
      }
      return found;
    }

    @compute @workgroup_size(64)
    fn count(@builtin(workgroup_id) slice: vec3u, @builtin(local_invocation_index) lane: u32) {
      let x = slices.first + slice.x;
      let square = slices.radius * slices.radius - x * x;
      let last = root(square);
      var points = 0u;
      for (var y = lane; y <= last; y += 64u) {
        let row = 2u * root(square - y * y) + 1u;
        points += select(2u * row, row, y == 0u);
      }
      atomicAdd(&counts[slice.x], points);
    }`;

  async function openDevice() {
    const gpu = globalThis.navigator?.gpu;
    if (!gpu) throw new Error('this job needs WebGPU, which is not there or was not allowed');
    const adapter = await gpu.requestAdapter();
    if (!adapter) throw new Error('this job needs WebGPU, but this device has no suitable graphics card');
    const device = await adapter.requestDevice();
    device.lost.then(() => { context.card = undefined; }); // The next unit opens it anew.
    const compute = { module: device.createShaderModule({ code: shader }), entryPoint: 'count' };
    return { device, pipeline: await device.createComputePipelineAsync({ layout: 'auto', compute }) };
  }

  async function countSlices({ device, pipeline }, radius, from, number) {
    const { UNIFORM, STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const slices = device.createBuffer({ size: 8, usage: UNIFORM | COPY_DST });
    const counts = device.createBuffer({ size: 4 * number, usage: STORAGE | COPY_SRC });
    const answer = device.createBuffer({ size: 4 * number, usage: MAP_READ | COPY_DST });
    device.queue.writeBuffer(slices, 0, new Uint32Array([radius, from]));
    const entries = [slices, counts].map((buffer, binding) => ({ binding, resource: { buffer } }));

    const commands = device.createCommandEncoder();
    const pass = commands.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(number);
    pass.end();
    commands.copyBufferToBuffer(counts, 0, answer, 0, 4 * number);
    device.queue.submit([commands.finish()]);

    await answer.mapAsync(GPUMapMode.READ).catch((ex) => {
      throw new Error(`the graphics card failed: ${ex.message}`);
    });
    const read = [...new Uint32Array(answer.getMappedRange())];
    for (const buffer of [slices, counts, answer]) buffer.destroy();
    return read;
  }

  const { radius, from, to } = variable;
  context.card ??= await openDevice();
  context.result = { counts: await countSlices(context.card, radius, from, to - from) };
  return context;
}
