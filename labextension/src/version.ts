// The version of the Python package that this was built for; a test holds that they are the same.
export const version = '0.1.0';
