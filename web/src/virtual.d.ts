declare module 'virtual:simulation' {
  const text: string;
  export default text;
}
