// Otherwise the bundle's bytes depend on the folder that it is built in.
module.exports = { optimization: { moduleIds: 'natural', chunkIds: 'natural' } };
