declare module 'virtual:engine' {
  const text: string;
  export default text;
}
